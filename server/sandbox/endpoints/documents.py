"""`documents/`, a document's contents, and memorize (rememberizer-api.md §4.3, §4.4 and §4.6)."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ..data.documents import Document, account_shelf
from ..data.integrations import INTEGRATIONS
from ..data.readers import Reader
from ..data.refusals import Refusal, not_found, quota_exceeded
from ..wire.forms import MAX_BODY_BYTES, Form, read_form
from ..wire.shapes import listed
from .services import Services

_PAGE_SIZE, _MOST_PAGE_SIZE = 10, 1000
_MOST_CHUNKS = 20
_NAME_MAX = 255
_MOST_ID = 2**63 - 1  # SQLite knows no larger number


def routes(services: Services) -> list[Route]:
    """Give the routes of this family."""
    endpoints = DocumentEndpoints(services)
    return [
        Route("/documents/", endpoints.listing, methods=["GET"]),
        Route("/documents/{document_id:int}/contents/", endpoints.contents, methods=["GET"]),
        Route("/documents/memorize/", endpoints.memorize, methods=["POST"]),
    ]


def readable(services: Services, reader: Reader, document_id: int) -> Document:
    """Give a document that the reader may read.

    Raises:
        Refusal: 404, there is none.
    """
    shelves, only = reader.shelves, reader.only
    document = services.library.document(shelves, document_id, only=only) if document_id <= _MOST_ID else None
    if document is None:
        raise not_found()
    return document


class DocumentEndpoints:
    """Lists, reads and adds documents."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._library = services.library
        self._config = services.config
        self._variants = services.config.variants

    async def listing(self, request: Request) -> JSONResponse:
        """Answer `GET documents/`: one page, and the addresses of those beside it.

        As Django REST Framework does, an unusable `page_size` counts as none, and a page that doesn't exist is a 404.
        """
        reader = self._services.authenticate_reader(request)
        form = Form(request.query_params)
        kind = form.choice("integration_type", tuple(INTEGRATIONS))
        form.finish()
        count = self._library.count(reader.shelves, integration_type=kind, only=reader.only)
        size = _page_size(request)
        page = _page(request, last=max(-(-count // size), 1))
        documents = self._library.page(
            reader.shelves, offset=(page - 1) * size, limit=size, integration_type=kind, only=reader.only
        )
        return JSONResponse(
            {
                "count": count,
                "next": str(request.url.include_query_params(page=page + 1)) if page * size < count else None,
                "previous": str(request.url.include_query_params(page=page - 1)) if page > 1 else None,
                "results": [listed(document, self._variants) for document in documents],
            }
        )

    async def contents(self, request: Request) -> JSONResponse:
        """Answer `GET documents/{id}/contents/`. A document that is not indexed yet is empty, not unknown."""
        reader = self._services.authenticate_reader(request)
        form = Form(request.query_params)
        start = form.integer("start_chunk", default=0, least=0)
        end = form.integer("end_chunk", default=start + _MOST_CHUNKS, least=0)
        form.finish()
        document = readable(self._services, reader, request.path_params["document_id"])
        if self._variants.end_chunk == "inclusive" and "end_chunk" in request.query_params:
            end += 1
        chunks = self._library.chunks(document.id, start, min(end, start + _MOST_CHUNKS))
        return JSONResponse({"content": "".join(chunks), **self._end(document, start, len(chunks))})

    async def memorize(self, request: Request) -> Response:
        """Answer `POST documents/memorize/`; an API key may do it too."""
        account = self._services.authenticate_reader(request).account
        form = await read_form(request)
        name = form.text("name", max_length=_NAME_MAX)
        content = form.text("content", max_length=MAX_BODY_BYTES, trim=False)
        form.finish()
        shelf = account_shelf(account.id)
        if self._library.usage(shelf) + len(content.encode()) > self._config.embed_quota:
            raise quota_exceeded(self._variants.quota_status)
        self._library.add(shelf, name=name, text=content)
        if self._variants.memorize_reply == 200:  # noqa: PLR2004 - the contract's figure
            return JSONResponse({"data": [{}], "message": "Memorized.", "code": "success"})
        return Response(status_code=self._variants.memorize_reply)

    def _end(self, document: Document, start: int, count: int) -> dict[str, int]:
        end = start + count
        match self._variants.end_chunk:
            case "inclusive":
                return {"end_chunk": max(end - 1, 0)}
            case "missing" if not self._library.chunks(document.id, end, end + 1):
                return {}
        return {"end_chunk": end}


def _page_size(request: Request) -> int:
    size = _number(request.query_params.get("page_size", ""))
    return min(size, _MOST_PAGE_SIZE) if size else _PAGE_SIZE


def _page(request: Request, *, last: int) -> int:
    page = _number(request.query_params.get("page", "1"))
    if not 0 < page <= last:
        raise Refusal(404, "not_found", "Invalid page.")
    return page


def _number(text: str) -> int:
    """Read a number of up to nine digits; anything else is 0."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 9 else 0  # noqa: PLR2004 - as said
