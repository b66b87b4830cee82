"""Search in a vector store (rememberizer-api.md §6.10, §6.11)."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from ..errors import UpstreamProtocolError, UpstreamUnavailable
from .asking import Asker
from .client import Reply
from .endpoints import VECTOR_AGENTIC_SEARCH, VECTOR_SEARCH
from .shapes import LongText, read
from .vector_stores import VectorDocument

_GAVE_UP = "unable to complete"
"""How a success begins that is none (§7)."""


class VectorMatch(BaseModel):
    """A part of a document that was found."""

    model_config = ConfigDict(hide_input_in_errors=True)

    document: VectorDocument
    text: LongText = Field(validation_alias="matched_content")
    distance: float | None = None


class VectorFindings(BaseModel):
    """What a search found; only the smart one sums it up, and not always."""

    matches: list[VectorMatch]
    summary: LongText | None


async def search(asker: Asker, *, store_id: str, query: dict[str, Any], deadline: float) -> VectorFindings:
    """``GET vector-stores/{store}/documents/search``.

    Args:
        asker: Who asks.
        store_id: Where.
        query: ``q``, ``n``, ``t``, ``prev_chunks`` and ``next_chunks``; ``None`` is left out.
        deadline: Seconds on anyio's clock.

    Raises:
        RememberizerError: Upstream's refusals, or no usable answer.
    """
    reply = await asker.request(VECTOR_SEARCH.call(query=query, store_id=store_id), deadline=deadline)
    return _findings(reply)


async def agentic_search(asker: Asker, *, store_id: str, body: dict[str, Any], deadline: float) -> VectorFindings:
    """``POST vector-stores/{store}/documents/agentic_search``, as the official server sends it.

    Args:
        asker: Who asks.
        store_id: Where.
        body: ``query``, ``n_chunks`` and ``user_context``; ``None`` is left out.
        deadline: Seconds on anyio's clock.

    Raises:
        RememberizerError: Upstream's refusals, or no usable answer.
    """
    given = {name: value for name, value in body.items() if value is not None}
    reply = await asker.request(VECTOR_AGENTIC_SEARCH.call(json=given, store_id=store_id), deadline=deadline)
    return _findings(reply)


def _findings(reply: Reply) -> VectorFindings:
    fields = reply.body.fields
    chunks = fields.get("matched_chunks", fields.get("data"))
    said, summary = fields.get("message"), fields.get("result")
    if not chunks and isinstance(said, str) and said.lower().startswith(_GAVE_UP):
        raise UpstreamUnavailable(status=reply.status)
    if not isinstance(summary, str) or not summary.strip():
        summary = None
    if chunks is None and summary is not None:
        chunks = []
    if not isinstance(chunks, list):
        raise UpstreamProtocolError(status=reply.status)
    found = {"matches": [read(VectorMatch, each, reply) for each in chunks], "summary": summary}
    return read(VectorFindings, found, reply)
