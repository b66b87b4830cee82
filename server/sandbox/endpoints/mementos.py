"""`mementos/` (rememberizer-api.md §5.4), for a signed-in session only."""

from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ..data.mementos import Memento
from ..data.readers import Reader
from ..data.refusals import not_found
from ..wire.forms import Form, read_form
from ..wire.times import iso
from .services import Services

_NAME_MAX, _PATH_MAX, _ID_MAX = 255, 1000, 18
_MOST_ITEMS = 1000
_ALL = 2**31
_OTHER_MEMENTO = "This is not the memento of the address."


def routes(services: Services) -> list[Route]:
    """Give the routes of this family."""
    endpoints = MementoEndpoints(services)
    return [
        Route("/mementos/", endpoints.listing, methods=["GET"]),
        Route("/mementos/", endpoints.create, methods=["POST"]),
        Route("/mementos/memento_document/{memento_id:int}/", endpoints.edit, methods=["POST"]),
        Route("/mementos/{memento_id:int}/", endpoints.get, methods=["GET"]),
        Route("/mementos/{memento_id:int}/", endpoints.delete, methods=["DELETE"]),
    ]


class MementoEndpoints:
    """Keeps an account's mementos."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._mementos = services.mementos
        self._variants = services.config.variants

    async def listing(self, request: Request) -> JSONResponse:
        """Answer `GET mementos/`: all of them, the oldest first, without their documents' ids."""
        owner = self._services.authenticate_owner(request)
        found = [_summary(memento) for memento in self._mementos.of_account(owner.account.id)]
        if self._variants.mementos_shape == "page":
            return JSONResponse({"count": len(found), "next": None, "previous": None, "results": found})
        return JSONResponse(found)

    async def create(self, request: Request) -> JSONResponse:
        """Answer `POST mementos/`."""
        owner = self._services.authenticate_owner(request)
        form = await read_form(request)
        name = form.text("name", max_length=_NAME_MAX)
        form.finish()
        return JSONResponse(
            _whole(self._mementos.create(owner.account.id, name)), status_code=self._variants.memento_created
        )

    async def get(self, request: Request) -> JSONResponse:
        """Answer `GET mementos/{id}/`."""
        return JSONResponse(_whole(self._memento(request, self._services.authenticate_owner(request))))

    async def edit(self, request: Request) -> JSONResponse:
        """Answer `POST mementos/memento_document/{id}/`: everything is added, or nothing; then some is removed.

        A folder is the beginning of documents' `path`s, up to a slash or their end.
        """
        owner = self._services.authenticate_owner(request)
        memento = self._memento(request, owner)
        form = await read_form(request)
        form.require("memento", form.text("memento", max_length=_ID_MAX) == str(memento.id), _OTHER_MEMENTO)
        add = self._documents(form, owner) | self._of_folders(form, owner)
        remove = set(_numbers(form, "remove"))
        form.finish()
        self._mementos.change(memento.id, add=add, remove=remove)
        return JSONResponse(_whole(self._memento(request, owner)))

    async def delete(self, request: Request) -> Response:
        """Answer `DELETE mementos/{id}/`; the documents stay."""
        self._mementos.delete(self._memento(request, self._services.authenticate_owner(request)).id)
        return Response(status_code=204)

    def _memento(self, request: Request, owner: Reader) -> Memento:
        memento_id: int = request.path_params["memento_id"]
        is_known = len(str(memento_id)) <= _ID_MAX
        memento = self._mementos.one(owner.account.id, memento_id) if is_known else None
        if memento is None:
            raise not_found()
        return memento

    def _documents(self, form: Form, owner: Reader) -> set[int]:
        ids = _numbers(form, "add")
        unknown = [number for number in ids if self._services.library.document(owner.shelves, number) is None]
        form.require("add", not unknown, f'Invalid pk "{_first(unknown)}" - object does not exist.')
        return set(ids)

    def _of_folders(self, form: Form, owner: Reader) -> set[int]:
        folders = form.texts("folder_add", max_length=_PATH_MAX, most=_MOST_ITEMS)
        if not folders:
            return set()
        documents = self._services.library.page(owner.shelves, offset=0, limit=_ALL)
        held = {folder: {one.id for one in documents if _is_in(one.path, folder)} for folder in folders}
        empty = [folder for folder in folders if not held[folder]]
        form.require("folder_add", not empty, f'Invalid folder "{_first(empty)}" - no document is in it.')
        return set().union(*held.values())


def _numbers(form: Form, name: str) -> list[int]:
    texts = form.texts(name, max_length=_ID_MAX, most=_MOST_ITEMS)
    odd = [text for text in texts if not (text.isascii() and text.isdecimal())]
    form.require(name, not odd, f'"{_first(odd)}" is not a valid pk.')
    return [int(text) for text in texts if text not in odd]


def _first(items: Sequence[object]) -> object:
    return next(iter(items), None)


def _is_in(path: str, folder: str) -> bool:
    folder = folder.rstrip("/")
    return path == folder or path.startswith(f"{folder}/")


def _summary(memento: Memento) -> dict[str, object]:
    return {
        "id": memento.id,
        "name": memento.name,
        "created": iso(memento.created_at),
        "document_count": len(memento.document_ids),
    }


def _whole(memento: Memento) -> dict[str, object]:
    return {**_summary(memento), "document_ids": memento.document_ids}
