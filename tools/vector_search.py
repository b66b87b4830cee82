"""The toolset ``vector_stores``: search.

The docstring of each body is the description that a model reads.
"""

from typing import Annotated

from pydantic import Field

from ..server.api import endpoints, vector_search
from ..server.api.vector_search import VectorFindings
from .arguments import Text
from .content import Fence, FromDocuments, fits
from .contract import ContractTool, tool
from .fitting import most_that
from .hints import READS
from .in_store import InStore, place
from .schemas import output_schema
from .services import CallServices

SMART_SECONDS = 45.0
"""A language model works behind it."""
SMART_CHUNKS = 5
LONGEST_TEXT = 75_000
SHORTEST_TEXT = 200
"""Characters: before texts become shorter than this, matches are left out."""
Query = Annotated[Text, Field(min_length=1, max_length=4_000)]
Limit = Annotated[int, Field(ge=1, le=50)]


class SearchArguments(InStore):
    """``search_vector_store``."""

    query: Query
    limit: Limit | None = Field(None, description="Default 10.")
    threshold: Annotated[float, Field(ge=0, le=1)] | None = Field(
        None, description="Default 0.7; 0.9 is stricter, 0.5 looser."
    )
    context_chunks: Annotated[int, Field(ge=0, le=5)] | None = Field(
        None, description="Parts before and after each match; default 0."
    )


class SmartSearchArguments(InStore):
    """``smart_search_vector_store``."""

    query: Query
    user_context: Annotated[Text, Field(min_length=1, max_length=4_000)] | None = Field(
        None, description="What helps to understand the query."
    )
    limit: Limit | None = Field(None, description=f"Default {SMART_CHUNKS}.")


class VectorSearchResult(FromDocuments, VectorFindings):
    """What was found."""


async def search_vector_store(services: CallServices, arguments: SearchArguments) -> VectorSearchResult:
    """Find passages in the vector store by meaning. Use `search` for the user's own documents. If nothing is found, try
    other words or a lower `threshold`.
    """
    deadline = services.deadline()
    who, store_id = await place(services, arguments, endpoints.VECTOR_SEARCH, deadline=deadline)
    query = {
        "q": arguments.query,
        "n": arguments.limit,
        "t": arguments.threshold,
        "prev_chunks": arguments.context_chunks,
        "next_chunks": arguments.context_chunks,
    }
    return _result(await vector_search.search(who, store_id=store_id, query=query, deadline=deadline))


async def smart_search_vector_store(services: CallServices, arguments: SmartSearchArguments) -> VectorSearchResult:
    """Let Rememberizer's own model search the vector store and sum up, for questions that one search doesn't answer.
    Takes up to 45 seconds; try `search_vector_store` first.
    """
    deadline = services.deadline(at_least=SMART_SECONDS)
    who, store_id = await place(services, arguments, endpoints.VECTOR_AGENTIC_SEARCH, deadline=deadline)
    body = {
        "query": arguments.query,
        "n_chunks": arguments.limit or SMART_CHUNKS,
        "user_context": arguments.user_context,
    }
    return _result(await vector_search.agentic_search(who, store_id=store_id, body=body, deadline=deadline))


def tools() -> list[ContractTool]:
    """The two tools."""
    output = output_schema(VectorSearchResult)
    return [
        tool(body, arguments=arguments, output=output, title=title, annotations=READS, writes=False)
        for body, arguments, title in (
            (search_vector_store, SearchArguments, "Search the vector store"),
            (smart_search_vector_store, SmartSearchArguments, "Smart search in the vector store"),
        )
    ]


def _result(found: VectorFindings) -> VectorSearchResult:
    """The findings between fences: the longest texts are shortened evenly, and then the last matches left out."""
    fence, every = Fence(), len(found.matches)
    count = most_that(lambda count: fits(_made(fence, found, count, SHORTEST_TEXT)), up_to=every)
    longest = most_that(lambda most: fits(_made(fence, found, count, most)), up_to=LONGEST_TEXT)
    return _made(fence, found, count, longest)


def _made(fence: Fence, found: VectorFindings, count: int, longest: int) -> VectorSearchResult:
    texts = [found.summary or "", *(match.matched_content for match in found.matches[:count])]
    matches = [
        match.model_copy(update={"matched_content": fence.around(match.matched_content[:longest])})
        for match in found.matches[:count]
    ]
    return VectorSearchResult(
        notice=fence.notice,
        fence=fence.name,
        cut=_cut(
            left=len(found.matches) - count, longest=longest if any(len(text) > longest for text in texts) else None
        ),
        matches=matches,
        summary=fence.around(found.summary[:longest]) if found.summary else None,
    )


def _cut(*, left: int, longest: int | None) -> str | None:
    said = [f"the last {left} matches were left out"] if left else []
    said += [f"texts end after {longest} characters"] if longest is not None else []
    return f"Too much for one result: {' and '.join(said)}. Ask with a lower `limit`." if said else None
