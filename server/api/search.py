"""Search by meaning, and search by a language model of upstream's (rememberizer-api.md §4.1, §4.2).

Each function raises ``UpstreamUnavailable`` also for a success whose message says that the search failed, and what
``Asker.request`` raises.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from . import endpoints
from .answers import Answer, Model, SomeNumber, Text, found_list, moment, read, require_done
from .client import Asker, Reply
from .documents import Document


class Passage(Answer):
    """One passage that was found, in whichever kind of document."""

    document: Answer
    matched_content: Text
    distance: SomeNumber = None
    """Upstream's figure; whether smaller is nearer is not documented."""


class Passages(Answer):
    """What a search came to."""

    matches: Sequence[Passage]
    result: Text | None = None
    """The summary of an agentic search, which not every one has."""


class Match(Passage):
    """One passage of the account's documents."""

    document: Document


class Found(Passages):
    """What a search in the account's documents came to."""

    matches: list[Match]


async def search(asker: Asker, **given: Any) -> Found:
    """``GET documents/search/`` (§4.1). Upstream may find more than ``limit``.

    Args:
        asker: Who asks.
        **given: ``query`` of up to 400 words, ``limit``, ``context_chunks`` before and after each hit, ``after`` and
            ``before``: points in time with a zone, between which the documents' times are.
    """
    return found_in(await asker.request(endpoints.SEARCH.call(_with_moments(given))), Found)


async def agentic_search(asker: Asker, **given: Any) -> Found:
    """``POST documents/agentic_search/`` (§4.2), known from code only; the answer may be a summary without matches.

    Args:
        asker: Who asks.
        **given: As ``search`` without ``context_chunks``; and ``user_context``, which helps to understand the query.
    """
    reply = await asker.request(endpoints.AGENTIC_SEARCH.call(_with_moments(given)))
    return found_in(reply, Found, summary=reply.body.fields)


def _with_moments(given: Mapping[str, Any]) -> dict[str, Any]:
    return {name: moment(value) if isinstance(value, datetime) else value for name, value in given.items()}


def found_in(reply: Reply, model: type[Model], *, summary: Mapping[str, Any] | None = None) -> Model:
    """What an answer holds. A message that the search failed counts only where nothing was found (§4.1)."""
    matches, result = found_list(reply, "matched_chunks"), (summary or {}).get("result")
    if not matches and not result:
        require_done(reply)
    if matches is None and not result:
        raise reply.unusable()
    return read(model, {"matches": matches or [], "result": result or None}, reply)
