"""Search by meaning, and search by a language model of upstream's (rememberizer-api.md §4.1, §4.2)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from ..errors import UpstreamProtocolError
from . import endpoints
from .answers import Answer, SomeNumber, Text, found_list, moment, read, require_done
from .asking import Asker
from .client import Reply
from .documents import Document


class Match(Answer):
    """One passage that was found."""

    document: Document
    matched_content: Text
    distance: SomeNumber = None
    """Upstream's figure; whether smaller is nearer is not documented."""


class Found(Answer):
    """What a search came to."""

    matches: list[Match]
    result: Text | None = None
    """The summary of an agentic search."""


async def search(
    asker: Asker,
    *,
    query: str,
    limit: int | None = None,
    after: datetime | None = None,
    before: datetime | None = None,
    previous_chunks: int | None = None,
    following_chunks: int | None = None,
    full_content: bool | None = None,
    deadline: float,
) -> Found:
    """``GET documents/search/`` (§4.1). What isn't given isn't sent; upstream may find more than ``limit``.

    Args:
        asker: Who asks.
        query: Up to 400 words.
        limit: Sent as ``n``.
        after: Sent as ``from``: only documents of this time or later. Both times have a time zone.
        before: Sent as ``to``.
        previous_chunks: How many chunks of context come before each hit.
        following_chunks: How many come after it.
        full_content: Sent as ``return_full_content``.
        deadline: On anyio's clock, in seconds.

    Raises:
        UpstreamUnavailable: Also for a success whose message says that the search failed.
        RememberizerError: Upstream's refusals, or no usable answer.
    """
    asked = {
        "q": query,
        "n": limit,
        "from": moment(after),
        "to": moment(before),
        "prev_chunks": previous_chunks,
        "next_chunks": following_chunks,
        "return_full_content": None if full_content is None else str(full_content).lower(),
    }
    reply = await asker.request(endpoints.SEARCH.call(query=asked), deadline=deadline)
    return _found(reply, {})


async def agentic_search(
    asker: Asker,
    *,
    query: str,
    user_context: str | None = None,
    limit: int | None = None,
    after: datetime | None = None,
    before: datetime | None = None,
    deadline: float,
) -> Found:
    """``POST documents/agentic_search/`` (§4.2), known from code only; the answer may be a summary without matches.

    Args:
        asker: Who asks.
        query: What is wanted, in words.
        user_context: What helps to understand the query.
        limit: Sent as ``n_chunks``.
        after: Sent as ``from``. Both times have a time zone.
        before: Sent as ``to``.
        deadline: On anyio's clock, in seconds; the real service is allowed a minute by its own client.

    Raises:
        As ``search``.
    """
    asked = {
        "query": query,
        "n_chunks": limit,
        "user_context": user_context,
        "from": moment(after),
        "to": moment(before),
    }
    given = {name: value for name, value in asked.items() if value is not None}
    reply = await asker.request(endpoints.AGENTIC_SEARCH.call(json=given), deadline=deadline)
    return _found(reply, reply.body.fields)


def _found(reply: Reply, summary: Mapping[str, Any]) -> Found:
    """A message that the search failed counts only where nothing was found (§4.1)."""
    matches, result = found_list(reply, "matched_chunks"), summary.get("result")
    if not matches and not result:
        require_done(reply)
    if matches is None and not result:
        raise UpstreamProtocolError(status=reply.status)
    return read(Found, {"matches": matches or [], "result": result or None}, reply)
