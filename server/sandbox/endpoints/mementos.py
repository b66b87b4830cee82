"""`mementos/` (rememberizer-api.md §5.4), for a signed-in session only."""

from collections.abc import Iterable
from typing import Annotated

from pydantic import Field
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from ..data.mementos import Memento
from ..data.refusals import InvalidFields
from ..wire.forms import Fields, Name, Text, must, read_json
from ..wire.shapes import Shape, iso
from .base import Endpoints, answers, found, id_in
from .services import Reader

_Id = Annotated[Text, Field(max_length=18)]
_IS_NUMBER = must(lambda text: text.isascii() and text.isdecimal(), '"{}" is not a valid pk.')
_Ids = Annotated[list[Annotated[_Id, _IS_NUMBER]], Field(max_length=1000)]
_Folders = Annotated[list[Annotated[Text, Field(max_length=1000)]], Field(max_length=1000)]


class _Memento(Fields):
    name: Name


class _Edit(Fields):
    memento: _Id
    add: _Ids = Field([])
    folder_add: _Folders = Field([])
    remove: _Ids = Field([])


class MementoEndpoints(Endpoints):
    """Keeps an account's mementos."""

    @answers("GET", "/mementos/")
    async def listing(self, request: Request) -> object:
        """Answer with all of them, the oldest first, without their documents' ids."""
        owner = self.services.owner(request)
        shown = [_summary(memento) for memento in self.services.mementos.of_account(owner.account.id)]
        if self.variants.mementos_shape == "page":
            return {"count": len(shown), "next": None, "previous": None, "results": shown}
        return shown

    @answers("POST", "/mementos/")
    async def create(self, request: Request) -> JSONResponse:
        """Make one without documents."""
        owner = self.services.owner(request)
        fields = await read_json(request, _Memento)
        memento = self.services.mementos.create(owner.account.id, fields.name)
        return JSONResponse(_detailed(memento), status_code=self.variants.memento_created)

    @answers("POST", "/mementos/memento_document/{id:int}/")
    async def edit(self, request: Request) -> Shape:
        """Add everything, or nothing; then remove some.

        A folder is the beginning of documents' `path`s, up to a slash or their end.
        """
        owner = self.services.owner(request)
        memento = self._memento(request, owner)
        fields = await read_json(request, _Edit)
        add = self._to_add(fields, memento, owner)
        self.services.mementos.change(memento.id, add=add, remove={int(text) for text in fields.remove})
        return _detailed(self._memento(request, owner))

    @answers("GET", "/mementos/{id:int}/")
    async def get(self, request: Request) -> Shape:
        """Answer with one and its documents' ids."""
        return _detailed(self._memento(request, self.services.owner(request)))

    @answers("DELETE", "/mementos/{id:int}/")
    async def delete(self, request: Request) -> Response:
        """Remove one; the documents stay."""
        self.services.mementos.delete(self._memento(request, self.services.owner(request)).id)
        return Response(status_code=204)

    def _memento(self, request: Request, owner: Reader) -> Memento:
        return found(self.services.mementos.one(owner.account.id, id_in(request)))

    def _to_add(self, fields: _Edit, memento: Memento, owner: Reader) -> set[int]:
        """Give the ids of the documents that are named, and of those in the folders.

        Raises:
            InvalidFields: another memento, an unknown document, or a folder without documents is named.
        """
        paths = {document.id: document.path for document in self.library.page(owner.scope)} if fields.folder_add else {}
        held = {
            folder: {number for number, path in paths.items() if _is_in(path, folder)} for folder in fields.folder_add
        }
        ids = [int(text) for text in fields.add]
        unknown = _first(number for number in ids if self.library.document(owner.scope, number) is None)
        empty = _first(folder for folder, inside in held.items() if not inside)
        complaints = {
            "memento": fields.memento != str(memento.id) and "This is not the memento of the address.",
            "add": unknown is not None and f'Invalid pk "{unknown}" - object does not exist.',
            "folder_add": empty is not None and f'Invalid folder "{empty}" - no document is in it.',
        }
        if given := {name: [complaint] for name, complaint in complaints.items() if complaint}:
            raise InvalidFields(given)
        return set(ids).union(*held.values())


def _first(items: Iterable[object]) -> object:
    return next(iter(items), None)


def _is_in(path: str, folder: str) -> bool:
    folder = folder.rstrip("/")
    return path == folder or path.startswith(f"{folder}/")


def _summary(memento: Memento) -> Shape:
    return {
        "id": memento.id,
        "name": memento.name,
        "created": iso(memento.created_at),
        "document_count": len(memento.document_ids),
    }


def _detailed(memento: Memento) -> Shape:
    return {**_summary(memento), "document_ids": memento.document_ids}
