"""The toolset ``vector_stores``: search."""

from typing import Annotated

from pydantic import BaseModel, Field

from ...server.api.endpoints import VECTOR_AGENTIC_SEARCH
from ...server.api.vector_stores import FoundInStore, agentic_search_store, search_store
from ..base.arguments import NO_BLANK, NO_TRUTH, Query, UserContext
from ..base.call import ToolCall
from ..base.content import FromDocuments, if_known
from ..knowledge.findings import NO_SCALE, fitted_search
from .documents import Store, store_of

NOTHING_FOUND = (
    "Nothing was found. Try other words, or `search_vector_store` with a lower `threshold`; `list_vector_documents` "
    "says what is there."
)
Readable = Annotated[Query, NO_BLANK]
Limit = Annotated[int, Field(ge=1, le=50), NO_TRUTH]
THRESHOLD = "0.9 is stricter, 0.5 looser; `distance` is another figure."
Threshold = Annotated[float, Field(ge=0, le=1, description=THRESHOLD), NO_TRUTH]
ContextChunks = Annotated[int, Field(ge=0, le=5, description="Parts before and after each match."), NO_TRUTH]


class VectorPassage(BaseModel):
    id: int = Field(description="Of the document.")
    name: str
    type: str | None
    distance: float | None = Field(description=NO_SCALE)
    text: str


class VectorSearchResult(FromDocuments):
    matches: list[VectorPassage]
    answer: str | None = if_known("Of the smart search, where there is one.")


async def search_vector_store(
    call: ToolCall,
    *,
    store: Store = None,
    query: Readable,
    limit: Limit = 10,
    threshold: Threshold = 0.7,
    context_chunks: ContextChunks = 0,
) -> VectorSearchResult:
    """Find passages in the vector store by meaning. The user's own documents are not in it."""
    given = {"query": query, "limit": limit, "threshold": threshold, "context_chunks": context_chunks}
    return result_of(await search_store(call, store_id=await store_of(call, store), **given))


async def smart_search_vector_store(
    call: ToolCall, *, store: Store = None, query: Readable, user_context: UserContext = None, limit: Limit = 5
) -> VectorSearchResult:
    """Let Rememberizer's own model search the vector store and sum up, for questions that one search doesn't answer.
    Takes up to 45 seconds; try `search_vector_store` first.
    """
    store_id = await store_of(call, store, then=VECTOR_AGENTIC_SEARCH)
    given = {"query": query, "user_context": user_context, "limit": limit}
    return result_of(await agentic_search_store(call, store_id=store_id, **given))


def result_of(found: FoundInStore) -> VectorSearchResult:
    """What was found, within the size of a result."""
    return fitted_search(VectorSearchResult, found, VectorPassage, nothing=NOTHING_FOUND, what_was_cut=_cut)


def _cut(left_out: int, characters: int | None) -> str | None:
    cut = [f"Texts were cut at {characters} characters."] if characters is not None else []
    cut += [f"The last {left_out} matches were left out."] if left_out else []
    return " ".join([*cut, "A smaller `limit` leaves more room for each."]) if cut else None
