"""`documents/`: searched, listed, read and added, and channels' messages (rememberizer-api.md §4).

The searches find words, not meanings.
"""

from typing import Annotated

from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from ..data.agentic import search_in_rounds, told
from ..data.documents import DISCUSSIONS, INTEGRATIONS, Document, account_shelf
from ..data.refusals import Refusal, not_found
from ..wire.forms import (
    GIVEN,
    GIVEN_NUMBER,
    Content,
    Fields,
    Moment,
    Named,
    Number,
    Query,
    must,
    one_of,
    read_json,
    read_query,
)
from ..wire.shapes import Shape, listed, search_reply
from .base import Endpoints, Reader, answers, found, id_in

_PAGE_SIZE, _MOST_PAGE_SIZE = 10, 1000
_MOST_CHUNKS = 20
_WEEK = 7 * 24 * 3600


class _Listing(Fields):
    integration_type: Annotated[str | None, one_of(INTEGRATIONS), GIVEN] = None


class _Contents(Fields):
    start_chunk: Number = 0
    end_chunk: Number | None = None


class _Memory(Named):
    text: Content = Field(alias="content")


class _Discussion(Fields):
    integration_type: Annotated[str, one_of(DISCUSSIONS)]
    start: Moment = Field(None, alias="from")
    end: Moment = Field(None, alias="to")


_IS_SHORT = must(lambda query: len(query.split()) <= 400, "Ensure this field has no more than 400 words.")  # noqa: PLR2004 - as it says
_Query = Annotated[Query, _IS_SHORT]
Results = Annotated[int, Field(ge=1, le=100), GIVEN_NUMBER]
Around = Annotated[int, Field(ge=0, le=20), GIVEN_NUMBER]


class _Dated(Fields):
    after: Moment = Field(None, alias="from")
    before: Moment = Field(None, alias="to")


class _Search(_Dated):
    query: _Query = Field(alias="q")
    limit: Results = Field(3, alias="n")
    previous: Around = Field(2, alias="prev_chunks")
    following: Around = Field(2, alias="next_chunks")
    return_full_content: bool = True


class _AgenticSearch(_Dated):
    query: _Query
    limit: Results = Field(5, alias="n_chunks")
    context: Annotated[Query, GIVEN] = Field("", alias="user_context")


class DocumentEndpoints(Endpoints):
    """Searches, lists, reads and adds documents."""

    @answers("GET", "/documents/")
    async def listing(self, request: Request) -> Shape:
        """Answer with one page, and the addresses of those beside it.

        As Django REST Framework does, an unusable `page_size` counts as none, and a page that doesn't exist is a 404.
        """
        scope = self.services.reader(request).scope
        kind = read_query(request, _Listing).integration_type
        count = self.library.count(scope, integration_type=kind)
        size = min(_number(request, "page_size") or _PAGE_SIZE, _MOST_PAGE_SIZE)
        page = _number(request, "page") if "page" in request.query_params else 1
        if not 0 < page <= max(-(-count // size), 1):
            raise Refusal(404, "not_found", "Invalid page.")
        documents = self.library.page(scope, integration_type=kind, offset=(page - 1) * size, limit=size)
        return {
            "count": count,
            "next": str(request.url.include_query_params(page=page + 1)) if page * size < count else None,
            "previous": str(request.url.include_query_params(page=page - 1)) if page > 1 else None,
            "results": [listed(document, self.variants) for document in documents],
        }

    @answers("GET", "/documents/{id:id}/contents/")
    async def contents(self, request: Request) -> Shape:
        """Answer with the text of some chunks. A document that is not indexed yet is empty, not unknown."""
        reader = self.services.reader(request)
        fields = read_query(request, _Contents)
        document = self._readable(request, reader)
        start = fields.start_chunk
        most = start + _MOST_CHUNKS
        end = most if fields.end_chunk is None else fields.end_chunk + (self.variants.end_chunk == "inclusive")
        chunks = self.library.chunks(document.id, start, min(end, most))
        return {"content": "".join(chunks), **self._end(document, start + len(chunks))}

    @answers("GET", "/discussions/{id:id}/contents/")
    async def discussion(self, request: Request) -> Shape:
        """Answer with the messages of a Slack or Discord channel; without times, those of the last seven days.

        `thread_contents` has the answers to a message by that message's own line.
        """
        reader = self.services.reader(request)
        fields = read_query(request, _Discussion)
        channel = self._readable(request, reader)
        if channel.integration_type != fields.integration_type:
            raise not_found()
        messages = self.services.discussions.between(channel.id, *self._range(fields))
        lines = {number: message.line() for number, message in messages.items()}
        threads = {lines[number]: self.services.discussions.thread(number) for number in lines}
        return {
            "discussion_content": "\n".join(lines.values()),
            "thread_contents": {
                line: "\n".join(answer.line() for answer in answers) for line, answers in threads.items() if answers
            },
        }

    @answers("POST", "/documents/memorize/")
    async def memorize(self, request: Request) -> object:
        """Add a document; an API key may do it too."""
        shelf = account_shelf(self.services.reader(request).account.id)
        fields = await read_json(request, _Memory)
        if self.library.usage(shelf) + len(fields.text.encode()) > self.config.embed_quota:
            detail = "The embedding quota of this account is used up."
            raise Refusal(self.variants.quota_status, "quota_exceeded", detail, field="content")
        self.library.add(shelf, **fields.model_dump())
        if self.variants.memorize_reply == 200:  # noqa: PLR2004 - the contract's figure
            return {"data": [{}], "message": "Memorized.", "code": "success"}
        return Response(status_code=self.variants.memorize_reply)

    @answers("GET", "/documents/search/")
    async def search(self, request: Request) -> Shape:
        """Search once. Without `return_full_content` a hit comes without the chunks around it."""
        scope = self.services.reader(request).scope
        fields = read_query(request, _Search)
        around = {} if fields.return_full_content else {"previous": 0, "following": 0}
        asked = fields.model_dump(exclude={"return_full_content"}) | around
        matches = self.library.search(scope, **asked)
        return search_reply(matches, self.variants)

    @answers("POST", "/documents/agentic_search/")
    async def agentic_search(self, request: Request) -> Shape:
        """Search in rounds; `metadata.iterations` says what was searched for."""
        scope = self.services.reader(request).scope
        fields = await read_json(request, _AgenticSearch)
        matches, rounds = search_in_rounds(self.library, scope, **fields.model_dump())
        return search_reply(matches, self.variants) | told(matches, rounds)

    def _readable(self, request: Request, reader: Reader) -> Document:
        return found(self.library.document(reader.scope, id_in(request)))

    def _end(self, document: Document, end: int) -> Shape:
        """Give `end_chunk` as its variant has it; `end` is the number of the next chunk."""
        match self.variants.end_chunk:
            case "inclusive":
                return {"end_chunk": max(end - 1, 0)}
            case "missing" if not self.library.chunks(document.id, end, end + 1):
                return {}
        return {"end_chunk": end}

    def _range(self, fields: _Discussion) -> tuple[float, float]:
        is_as_specified = self.variants.discussion_range == "spec"
        older, newer = (fields.end, fields.start) if is_as_specified else (fields.start, fields.end)
        newer = self.config.now() if newer is None else newer
        return newer - _WEEK if older is None else older, newer


def _number(request: Request, name: str) -> int:
    """Read a number of up to nine digits; anything else is 0."""
    text = request.query_params.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 9 else 0  # noqa: PLR2004 - as said
