"""`mementos/`, and the public knowledge made of them (rememberizer-api.md §5.4 and §5.5), for a session only."""

from collections.abc import Sequence
from typing import Annotated

from pydantic import Field
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from ..data.accounts import Account
from ..data.documents import SEED_SHELF, Document, Scope
from ..data.mementos import Memento
from ..data.refusals import InvalidFields
from ..wire.forms import Fields, Named, Text, must, read_json
from ..wire.shapes import Shape, iso
from .base import Endpoints, Reader, answers, found, id_in

_SINCE = 1_704_067_200.0  # 2024-01-01
_DAY = 86_400
_KNOWLEDGES = (
    ("Everyday reading", "Short texts on many things.", 1204, "Sandbox Press"),
    ("Field notes", "", 311, "Sandbox Society"),
    ("My shared notes", "What I let others read.", 2, None),
)
"""Name, description, number of subscribers, and publisher; None is the account itself."""
_Id = Annotated[Text, Field(max_length=18)]
_IS_NUMBER = must(lambda text: text.isascii() and text.isdecimal(), '"{}" is not a valid pk.')
_Ids = Annotated[list[Annotated[_Id, _IS_NUMBER]], Field(max_length=1000)]
_Folders = Annotated[list[Annotated[Text, Field(max_length=1000)]], Field(max_length=1000)]


class _Edit(Fields):
    memento: _Id
    add: _Ids = Field([])
    folder_add: _Folders = Field([])
    remove: _Ids = Field([])


class MementoEndpoints(Endpoints):
    """Keeps an account's mementos, and tells of public knowledge: the same three for everybody."""

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
        fields = await read_json(request, Named)
        memento = self.services.mementos.create(owner.account.id, fields.name)
        return JSONResponse(_detailed(memento), status_code=self.variants.memento_created)

    @answers("POST", "/mementos/memento_document/{id:id}/")
    async def edit(self, request: Request) -> Shape:
        """Add everything, or nothing; then remove some. A folder is how `path`s begin, up to a slash or the end."""
        owner = self.services.owner(request)
        memento = self._memento(request, owner)
        fields = await read_json(request, _Edit)
        add = self._to_add(fields, memento, owner)
        self.services.mementos.change(memento.id, add=add, remove={int(text) for text in fields.remove})
        return _detailed(self._memento(request, owner))

    @answers("GET", "/mementos/{id:id}/")
    async def get(self, request: Request) -> Shape:
        """Answer with one and its documents' ids."""
        return _detailed(self._memento(request, self.services.owner(request)))

    @answers("DELETE", "/mementos/{id:id}/")
    async def delete(self, request: Request) -> Response:
        """Remove one; the documents stay."""
        self.services.mementos.delete(self._memento(request, self.services.owner(request)).id)
        return Response(status_code=204)

    @answers("GET", "/common-knowledge/subscribed-list/")
    async def knowledge(self, request: Request) -> list[Shape]:
        """Answer with a bare array. The seed's documents of this type are dealt out to the three."""
        account = self.services.owner(request).account
        documents = self.library.page(Scope((SEED_SHELF,)), integration_type="common_knowledge")
        dealt = [documents[index :: len(_KNOWLEDGES)] for index in range(len(_KNOWLEDGES))]
        return [self._knowledge(index + 1, documents, account) for index, documents in enumerate(dealt)]

    def _memento(self, request: Request, owner: Reader) -> Memento:
        return found(self.services.mementos.one(owner.account.id, id_in(request)))

    def _to_add(self, fields: _Edit, memento: Memento, owner: Reader) -> set[int]:
        """Give the ids of the documents that are named, and of those in the folders, or refuse the fields."""
        paths = {document.id: document.path for document in self.library.page(owner.scope)} if fields.folder_add else {}
        held = {
            folder: {number for number, path in paths.items() if _is_in(path, folder)} for folder in fields.folder_add
        }
        ids = [int(text) for text in fields.add]
        unknown = next((number for number in ids if self.library.document(owner.scope, number) is None), None)
        empty = next((folder for folder, inside in held.items() if not inside), None)
        complaints = {
            "memento": fields.memento != str(memento.id) and "This is not the memento of the address.",
            "add": unknown is not None and f'Invalid pk "{unknown}" - object does not exist.',
            "folder_add": empty is not None and f'Invalid folder "{empty}" - no document is in it.',
        }
        if given := {name: [complaint] for name, complaint in complaints.items() if complaint}:
            raise InvalidFields(given)
        return set(ids).union(*held.values())

    def _knowledge(self, number: int, documents: Sequence[Document], account: Account) -> Shape:
        """The account's own has an API key, which is its own in each account and each database, and opens nothing."""
        name, description, subscribers, publisher = _KNOWLEDGES[number - 1]
        is_own = publisher is None
        return {
            "id": number,
            "num_of_subscribers": subscribers,
            "publisher_name": publisher or account.name,
            "published_by_me": is_own,
            "subscribed_by_me": not is_own,
            "size": sum(document.size for document in documents),
            "created": iso(_SINCE),
            "modified": iso(_SINCE + number * _DAY),
            "priority_score": round(1 / number, 2),
            "name": name,
            "image_url": "",
            "description": description,
            "api_key": self.services.api_keys.sample(account.id) if is_own else None,
            "is_sharing": True,
            "memento": number,
            "document_ids": [document.id for document in documents],
        }


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
