"""A vector store's documents: kept and searched (rememberizer-api.md §6.4 to §6.6 and §6.8 to §6.11)."""

from typing import Annotated

from pydantic import Field
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from ..data.agentic import Question, search_in_rounds, told
from ..data.documents import Document, Match
from ..data.vector_stores import VectorStore
from ..wire.forms import GIVEN, Content, Fields, Name, Query, read_json, read_query
from ..wire.shapes import Shape, store_document, store_search_reply
from .base import answers, found, id_in
from .search import Around, Results
from .vector_stores import StoreEndpoints

_ALL = "/vector-stores/{store_id}/documents"
_ONE = f"{_ALL}/{{id:int}}"


class _Document(Fields):
    name: Name
    text: Content


class _Rename(Fields):
    name: Name


class _Search(Fields):
    q: Query
    n: Results = 10
    t: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False), GIVEN] = 0.7
    prev_chunks: Around = 0
    next_chunks: Around = 0


class _AgenticSearch(Fields):
    query: Query
    n_chunks: Results = 5
    user_context: Annotated[Query, GIVEN] = ""


class StoreDocumentEndpoints(StoreEndpoints):
    """Keeps and searches the documents of a store. The searches find words, not meanings."""

    @answers("GET", _ALL, f"{_ALL}/")
    async def listing(self, request: Request) -> list[Shape]:
        """Answer with all of them in a bare array, the oldest first."""
        store = self.store(request)
        remarks = self.services.vector_stores.remarks(store.shelf)
        return [self._shown(document, store, remarks) for document in self.library.page(store.scope)]

    @answers("POST", f"{_ALL}/create")
    async def create(self, request: Request) -> JSONResponse:
        """Add a text, which is kept as it came."""
        store = self.store(request)
        fields = await read_json(request, _Document)
        document = self.library.add(store.shelf, name=fields.name, text=fields.text, integration_type="vector_store")
        return JSONResponse(self._shown(document, store, {}), status_code=201)

    @answers("GET", f"{_ALL}/search")
    async def search(self, request: Request) -> Shape:
        """Search once."""
        store = self.store(request)
        fields = read_query(request, _Search)
        around = {"previous": fields.prev_chunks, "following": fields.next_chunks}
        matches = self.library.search(store.scope, fields.q, limit=fields.n, **around)
        return store_search_reply(_near(matches, fields.t), store)

    @answers("POST", f"{_ALL}/agentic_search")
    async def agentic_search(self, request: Request) -> Shape:
        """Search in rounds; the extra members are those of the search of documents."""
        store = self.store(request)
        fields = await read_json(request, _AgenticSearch)
        question = Question(query=fields.query, context=fields.user_context, limit=fields.n_chunks)
        matches, rounds = search_in_rounds(self.library, store.scope, question)
        return store_search_reply(matches, store) | told(matches, rounds)

    @answers("GET", _ONE, f"{_ONE}/")
    async def get(self, request: Request) -> Shape:
        """Answer with one."""
        store = self.store(request)
        return self._answer(self.library.document(store.scope, id_in(request)), store)

    @answers("PATCH", f"{_ONE}/")
    async def rename(self, request: Request) -> Shape:
        """Change the name, which is all that can change, whatever else the body holds."""
        store = self.store(request)
        fields = await read_json(request, _Rename)
        return self._answer(self.library.rename(store.scope, id_in(request), fields.name), store)

    @answers("DELETE", f"{_ONE}/")
    async def remove(self, request: Request) -> Response:
        """Remove one."""
        found(self.library.remove(self.store(request).scope, id_in(request)))
        return Response(status_code=204)

    def _answer(self, document: Document | None, store: VectorStore) -> Shape:
        return self._shown(found(document), store, self.services.vector_stores.remarks(store.shelf))

    def _shown(self, document: Document, store: VectorStore, remarks: dict[int, str]) -> Shape:
        return store_document(document, store, self.variants, remark=remarks.get(document.id))


def _near(matches: list[Match], threshold: float) -> list[Match]:
    """Leave out what is further than the threshold allows.

    The distances of a search by words have no fixed scale, so the threshold is a part of the best match's nearness: 1
    keeps what is as near as the best, 0 keeps all.
    """
    best = max((1 - match.distance for match in matches), default=0)
    return [match for match in matches if 1 - match.distance >= threshold * best]
