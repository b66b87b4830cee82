"""A vector store's documents: listed, added as text, renamed, removed (rememberizer-api.md §6.4 to §6.6, 6.8, 6.9)."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ..data.documents import Document
from ..data.refusals import not_found
from ..data.vector_stores import VectorStore
from ..wire.forms import MAX_BODY_BYTES, read_form
from ..wire.store_shapes import store_document
from .services import Services
from .vector_stores import store_of

_NAME_MAX = 255
_MOST_ID = 2**63 - 1  # SQLite knows no larger number
_ALL = 2**31
_DOCUMENTS = "/vector-stores/{store_id}/documents"


def routes(services: Services) -> list[Route]:
    """Give the routes of this family; of two paths for one call the documented one comes first."""
    endpoints = StoreDocumentEndpoints(services)
    return [
        Route(_DOCUMENTS, endpoints.listing, methods=["GET"]),
        Route(f"{_DOCUMENTS}/", endpoints.listing, methods=["GET"]),
        Route(f"{_DOCUMENTS}/create", endpoints.create, methods=["POST"]),
        Route(f"{_DOCUMENTS}/{{document_id:int}}", endpoints.get, methods=["GET"]),
        Route(f"{_DOCUMENTS}/{{document_id:int}}/", endpoints.get, methods=["GET"]),
        Route(f"{_DOCUMENTS}/{{document_id:int}}/", endpoints.rename, methods=["PATCH"]),
        Route(f"{_DOCUMENTS}/{{document_id:int}}/", endpoints.remove, methods=["DELETE"]),
    ]


class StoreDocumentEndpoints:
    """Keeps the documents of the vector store that the path and the API key name."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._library = services.library
        self._variants = services.config.variants

    async def listing(self, request: Request) -> JSONResponse:
        """Answer `GET …/documents`: all of them in a bare array, the oldest first."""
        store = store_of(self._services, request)
        documents = self._library.page((store.shelf,), offset=0, limit=_ALL)
        remarks = self._services.vector_stores.remarks(store.shelf)
        return JSONResponse([self._shown(document, store, remarks) for document in documents])

    async def get(self, request: Request) -> JSONResponse:
        """Answer `GET …/documents/{id}`."""
        store = store_of(self._services, request)
        return self._answer(self._library.document((store.shelf,), _id(request)), store)

    async def create(self, request: Request) -> JSONResponse:
        """Answer `POST …/documents/create`; the text is kept as it came."""
        store = store_of(self._services, request)
        form = await read_form(request)
        name = form.text("name", max_length=_NAME_MAX)
        text = form.text("text", max_length=MAX_BODY_BYTES, trim=False)
        form.finish()
        document = self._library.add(store.shelf, name=name, text=text, integration_type="vector_store")
        return JSONResponse(self._shown(document, store, {}), status_code=201)

    async def rename(self, request: Request) -> JSONResponse:
        """Answer `PATCH …/documents/{id}/`: only the name can change, whatever else the body holds."""
        store = store_of(self._services, request)
        form = await read_form(request)
        name = form.text("name", max_length=_NAME_MAX)
        form.finish()
        return self._answer(self._library.rename((store.shelf,), _id(request), name), store)

    async def remove(self, request: Request) -> Response:
        """Answer `DELETE …/documents/{id}/`."""
        store = store_of(self._services, request)
        if not self._library.remove((store.shelf,), _id(request)):
            raise not_found()
        return Response(status_code=204)

    def _answer(self, document: Document | None, store: VectorStore) -> JSONResponse:
        if document is None:
            raise not_found()
        return JSONResponse(self._shown(document, store, self._services.vector_stores.remarks(store.shelf)))

    def _shown(self, document: Document, store: VectorStore, remarks: dict[int, str]) -> dict[str, object]:
        return store_document(document, store, self._variants, remark=remarks.get(document.id))


def _id(request: Request) -> int:
    """Give the document's id in the path, or 0, which no document has, for one beyond what the database can hold."""
    document_id: int = request.path_params["document_id"]
    return document_id if document_id <= _MOST_ID else 0
