"""Search in a vector store (rememberizer-api.md §6.10, §6.11)."""

from typing import Any

from ..errors import UpstreamProtocolError
from .answers import Answer, SomeNumber, Text, found_list, read, require_done
from .asking import Asker
from .client import Reply
from .endpoints import VECTOR_AGENTIC_SEARCH, VECTOR_SEARCH
from .vector_stores import VectorDocument


class VectorMatch(Answer):
    """A part of a document that was found."""

    document: VectorDocument
    matched_content: Text
    distance: SomeNumber = None


class VectorFindings(Answer):
    """What a search came to; only the smart one sums it up, and not always."""

    matches: list[VectorMatch]
    summary: Text | None


async def search(asker: Asker, *, store_id: str, query: dict[str, Any], deadline: float) -> VectorFindings:
    """``GET vector-stores/{store}/documents/search``.

    Args:
        asker: Who asks.
        store_id: Where.
        query: ``q``, ``n``, ``t``, ``prev_chunks`` and ``next_chunks``; ``None`` is left out.
        deadline: Seconds on anyio's clock.

    Raises:
        UpstreamUnavailable: Also for a success whose message says that the search failed.
        RememberizerError: Upstream's refusals, or no usable answer.
    """
    reply = await asker.request(VECTOR_SEARCH.call(query=query, store_id=store_id), deadline=deadline)
    return _findings(reply, summary=None)


async def agentic_search(asker: Asker, *, store_id: str, body: dict[str, Any], deadline: float) -> VectorFindings:
    """``POST vector-stores/{store}/documents/agentic_search``, as the official server sends it.

    Args:
        asker: Who asks.
        store_id: Where.
        body: ``query``, ``n_chunks`` and ``user_context``; ``None`` is left out.
        deadline: Seconds on anyio's clock.

    Raises:
        As ``search``.
    """
    given = {name: value for name, value in body.items() if value is not None}
    reply = await asker.request(VECTOR_AGENTIC_SEARCH.call(json=given, store_id=store_id), deadline=deadline)
    return _findings(reply, summary=reply.body.fields.get("result"))


def _findings(reply: Reply, *, summary: Any) -> VectorFindings:
    matches = found_list(reply, "matched_chunks")
    if not matches and not summary:
        require_done(reply)
    if matches is None and not summary:
        raise UpstreamProtocolError(status=reply.status)
    found = {"matches": [read(VectorMatch, each, reply) for each in matches or []], "summary": summary or None}
    return read(VectorFindings, found, reply)
