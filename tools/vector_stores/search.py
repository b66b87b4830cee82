"""The toolset ``vector_stores``: search.

The docstring of each body is the description that a model reads.
"""

from typing import Annotated

from pydantic import BaseModel, Field

from ...server.api import endpoints, vector_search
from ...server.api.vector_search import VectorFindings, VectorMatch
from ..base.arguments import NO_BLANK, NO_TRUTH, Text
from ..base.content import Fence, FromDocuments, fitted, shortened
from ..base.contract import READS, ContractTool, tool
from ..base.services import SMART_SECONDS, CallServices
from ..knowledge.arguments import LONGEST_QUERY, Query
from .in_store import InStore, place

SMART_CHUNKS = 5
NOTHING_FOUND = (
    "Nothing was found. Try other words, or `search_vector_store` with a lower `threshold`; `list_vector_documents` "
    "says what is there."
)
Limit = Annotated[int, Field(ge=1, le=50), NO_TRUTH]


class SearchArguments(InStore):
    """``search_vector_store``."""

    query: Annotated[Query, NO_BLANK]
    limit: Limit = 10
    threshold: Annotated[float, Field(ge=0, le=1), NO_TRUTH] = Field(0.7, description="0.9 is stricter, 0.5 looser.")
    context_chunks: Annotated[int, Field(ge=0, le=5), NO_TRUTH] = Field(
        0, description="Parts before and after each match."
    )


class SmartSearchArguments(InStore):
    """``smart_search_vector_store``."""

    query: Annotated[Query, NO_BLANK]
    user_context: Annotated[Text, Field(max_length=LONGEST_QUERY)] | None = Field(
        None, description="What you know of the user's aim."
    )
    limit: Limit = SMART_CHUNKS


class VectorPassage(BaseModel):
    """One passage that a search found."""

    id: int = Field(description="Of the document.")
    name: str
    type: str | None
    distance: float | None = Field(description="Rememberizer's figure; whether smaller is nearer is not documented.")
    text: str


class VectorSearchResult(FromDocuments):
    """What was found."""

    matches: list[VectorPassage]
    answer: str | None = Field(description="Of the smart search only.")


async def search_vector_store(services: CallServices, arguments: SearchArguments) -> VectorSearchResult:
    """Find passages in the vector store by meaning. The user's own documents are not in it."""
    deadline = services.deadline()
    who, store_id = await place(services, arguments, endpoints.VECTOR_SEARCH, deadline=deadline)
    query = {
        "q": arguments.query,
        "n": arguments.limit,
        "t": arguments.threshold,
        "prev_chunks": arguments.context_chunks,
        "next_chunks": arguments.context_chunks,
    }
    return result_of(await vector_search.search(who, store_id=store_id, query=query, deadline=deadline))


async def smart_search_vector_store(services: CallServices, arguments: SmartSearchArguments) -> VectorSearchResult:
    """Let Rememberizer's own model search the vector store and sum up, for questions that one search doesn't answer.
    Takes up to 45 seconds; try `search_vector_store` first.
    """
    deadline = services.deadline(at_least=SMART_SECONDS)
    who, store_id = await place(services, arguments, endpoints.VECTOR_AGENTIC_SEARCH, deadline=deadline)
    body = {
        "query": arguments.query,
        "n_chunks": arguments.limit,
        "user_context": arguments.user_context,
    }
    return result_of(await vector_search.agentic_search(who, store_id=store_id, body=body, deadline=deadline))


def result_of(found: VectorFindings) -> VectorSearchResult:
    """The findings within the size of a result; every match that has room keeps some of its text."""
    fence, answer = Fence(), found.summary
    longest = max(len(text) for text in (answer or "", *(match.matched_content for match in found.matches)))

    def make(items: int, characters: int) -> VectorSearchResult:
        cut = _cut(len(found.matches) - items, characters if characters < longest else None)
        return VectorSearchResult(
            **fence.marks(cut, nothing=None if found.matches or answer else NOTHING_FOUND),
            matches=[_passage(match, fence, characters) for match in found.matches[:items]],
            answer=fence.around(shortened(answer, characters)) if answer else None,
        )

    return fitted(make, items=len(found.matches), characters=longest)


def tools() -> list[ContractTool]:
    """The two tools."""
    return [
        tool(search_vector_store, "Search the vector store", READS),
        tool(smart_search_vector_store, "Smart search in the vector store", READS),
    ]


def _passage(match: VectorMatch, fence: Fence, characters: int) -> VectorPassage:
    text = fence.around(shortened(match.matched_content, characters))
    return VectorPassage.model_validate({**match.document.model_dump(), "distance": match.distance, "text": text})


def _cut(left_out: int, characters: int | None) -> str | None:
    cut = [f"Texts were cut at {characters} characters."] if characters is not None else []
    cut += [f"The last {left_out} matches were left out."] if left_out else []
    return " ".join([*cut, "A smaller `limit` leaves more room for each."]) if cut else None
