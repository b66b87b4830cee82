"""Search by meaning, and search by a language model of upstream's (rememberizer-api.md §4.1, §4.2).

Each function raises ``UpstreamUnavailable`` also for a success whose message says that the search failed, and what
``Asker.request`` raises.
"""

from typing import Any, Generic, TypeVar

from . import endpoints
from .answers import Answer, Model, SomeNumber, Text, found_list, read, require_done
from .client import Asker, Reply
from .documents import Document

Of = TypeVar("Of", bound=Answer)
"""The kind of document that a passage stands in."""


class Passage(Answer, Generic[Of]):
    """One passage that was found."""

    document: Of
    matched_content: Text
    distance: SomeNumber = None
    """Upstream's figure; whether smaller is nearer is not documented."""


class Passages(Answer, Generic[Of]):
    """What a search came to."""

    matches: list[Passage[Of]]
    result: Text | None = None
    """The summary of an agentic search, which not every one has."""


Found = Passages[Document]
"""What a search in the account's documents came to."""


async def search(asker: Asker, **given: Any) -> Found:
    """``GET documents/search/`` (§4.1). Upstream may find more than ``limit``.

    ``given`` has the ``query`` of up to 400 words, the ``limit``, how many ``context_chunks`` stand before and after a
    hit, and ``after`` and ``before``: points in time with a zone, between which the documents' times are.
    """
    return found_in(await asker.request(endpoints.SEARCH.call(given)), Found)


async def agentic_search(asker: Asker, **given: Any) -> Found:
    """``POST documents/agentic_search/`` (§4.2), known from code only; the answer may be a summary without matches.

    ``given`` is that of ``search`` without ``context_chunks``, and a ``user_context`` that explains the query.
    """
    return found_in(await asker.request(endpoints.AGENTIC_SEARCH.call(given)), Found, may_sum_up=True)


def found_in(reply: Reply, model: type[Model], *, may_sum_up: bool = False) -> Model:
    """What an answer holds. A message that the search failed counts only where nothing was found (§4.1)."""
    matches = found_list(reply, "matched_chunks")
    result = reply.body.fields.get("result") if may_sum_up else None
    if not matches and not result:
        require_done(reply)
    if matches is None and not result:
        raise reply.unusable()
    return read(model, {"matches": matches or [], "result": result or None}, reply)
