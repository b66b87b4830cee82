"""Both searches of documents (rememberizer-api.md §4.1 and §4.2). They find words, not meanings."""

from typing import Annotated

from pydantic import Field
from starlette.requests import Request

from ..data.agentic import Question, search_in_rounds, told
from ..wire.forms import GIVEN, Fields, Moment, Query, must, read_json, read_query
from ..wire.shapes import Shape, search_reply
from .base import Endpoints, answers

_IS_SHORT = must(lambda query: len(query.split()) <= 400, "Ensure this field has no more than 400 words.")  # noqa: PLR2004 - as it says
_Query = Annotated[Query, _IS_SHORT]
Results = Annotated[int, Field(ge=1, le=100), GIVEN]
Around = Annotated[int, Field(ge=0, le=20), GIVEN]


class _Search(Fields):
    q: _Query
    n: Results = 3
    prev_chunks: Around = 2
    next_chunks: Around = 2
    after: Moment = Field(None, alias="from")
    before: Moment = Field(None, alias="to")
    return_full_content: bool = True


class _AgenticSearch(Fields):
    query: _Query
    n_chunks: Results = 5
    user_context: Annotated[Query, GIVEN] = ""
    after: Moment = Field(None, alias="from")
    before: Moment = Field(None, alias="to")


class SearchEndpoints(Endpoints):
    """Searches documents."""

    @answers("GET", "/documents/search/")
    async def search(self, request: Request) -> Shape:
        """Search once. Without `return_full_content` a hit comes without the chunks around it."""
        scope = self.services.reader(request).scope
        fields = read_query(request, _Search)
        matches = self.library.search(
            scope,
            fields.q,
            limit=fields.n,
            after=fields.after,
            before=fields.before,
            previous=fields.prev_chunks if fields.return_full_content else 0,
            following=fields.next_chunks if fields.return_full_content else 0,
        )
        return search_reply(matches, self.variants)

    @answers("POST", "/documents/agentic_search/")
    async def agentic_search(self, request: Request) -> Shape:
        """Search in rounds; `metadata.iterations` says what was searched for."""
        scope = self.services.reader(request).scope
        fields = await read_json(request, _AgenticSearch)
        question = Question(
            query=fields.query,
            context=fields.user_context,
            limit=fields.n_chunks,
            after=fields.after,
            before=fields.before,
        )
        matches, rounds = search_in_rounds(self.library, scope, question)
        return search_reply(matches, self.variants) | told(matches, rounds)
