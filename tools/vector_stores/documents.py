"""The toolset ``vector_stores``: the documents in a store.

The docstring of each body is the description that a model reads.
"""

from typing import Annotated

from pydantic import Field

from ...server.api import endpoints, vector_stores
from ...server.api.vector_stores import VectorDocument
from ..base.arguments import NO_BLANK, Text
from ..base.confirmation import CONFIRM, Confirm, Deletion, require_consent
from ..base.content import Fence, FromDocuments, Written
from ..base.contract import ADDS, CHANGES, DELETES, READS, ContractTool, tool
from ..base.paging import PagedResult, page_of
from ..base.services import CallServices
from ..knowledge.arguments import Number as DocumentId
from .in_store import InStore, PagedInStore, place

LONGEST_TEXT = 500_000
"""Characters of a text that is added; longer ones go by file."""
Name = Annotated[Text, Field(min_length=1, max_length=200), NO_BLANK]


class DocumentArguments(InStore):
    """A tool for one document."""

    id: DocumentId


class RenameArguments(DocumentArguments):
    """``rename_vector_document``."""

    name: Name


class DeleteArguments(DocumentArguments):
    """``delete_vector_document``."""

    confirm: Confirm | None = CONFIRM


class AddTextArguments(InStore):
    """``add_vector_text``."""

    name: Name = Field(description="By which it will be known.")
    text: Annotated[Text, Field(min_length=1, max_length=LONGEST_TEXT), NO_BLANK]


class VectorDocumentList(PagedResult):
    """``list_vector_documents``."""

    documents: list[VectorDocument]


class VectorDocumentResult(FromDocuments):
    """One document."""

    document: VectorDocument


class RenamedDocument(Written, VectorDocumentResult):
    """What it is called now."""


class AddedText(Written):
    """A text that was added."""

    document: VectorDocument
    next: str


class DeletedDocument(Written):
    """What is gone."""

    deleted: int


async def list_vector_documents(services: CallServices, arguments: PagedInStore) -> VectorDocumentList:
    """The documents of the vector store, with their ids and states. To find something in them use
    `search_vector_store`.
    """
    deadline = services.deadline()
    who, store_id = await place(services, arguments, endpoints.VECTOR_DOCUMENTS, deadline=deadline)
    everything = await vector_stores.list_documents(who, store_id=store_id, deadline=deadline)
    return page_of(VectorDocumentList, "documents", everything, arguments, lambda _, document: document)


async def get_vector_document(services: CallServices, arguments: DocumentArguments) -> VectorDocumentResult:
    """One document of the vector store by its id: its size and state, not its text. Use it to see whether a document
    that was added can be searched yet.
    """
    deadline = services.deadline()
    who, store_id = await place(services, arguments, endpoints.VECTOR_DOCUMENT, deadline=deadline)
    return _one(await vector_stores.get_document(who, store_id=store_id, document_id=arguments.id, deadline=deadline))


async def add_vector_text(services: CallServices, arguments: AddTextArguments) -> AddedText:
    """Add a text to the vector store as a new document. Use `upload_vector_files` for files. The user's own
    knowledge is kept elsewhere.
    """
    deadline = services.deadline()
    who, store_id = await place(services, arguments, endpoints.ADD_VECTOR_TEXT, deadline=deadline)
    document = await vector_stores.add_text(
        who, store_id=store_id, name=arguments.name, text=arguments.text, deadline=deadline
    )
    return AddedText(
        account=who.account,
        document=document,
        next="It can be searched once it is indexed; `get_vector_document` shows how it stands.",
    )


async def rename_vector_document(services: CallServices, arguments: RenameArguments) -> RenamedDocument:
    """Rename a document of the vector store. Its text can't be changed: add the new one, then delete the old one."""
    deadline = services.deadline()
    who, store_id = await place(services, arguments, endpoints.RENAME_VECTOR_DOCUMENT, deadline=deadline)
    document = await vector_stores.rename_document(
        who, store_id=store_id, document_id=arguments.id, name=arguments.name, deadline=deadline
    )
    return RenamedDocument(account=who.account, **dict(_one(document)))


async def delete_vector_document(services: CallServices, arguments: DeleteArguments) -> DeletedDocument:
    """Delete a document of the vector store for good. The user is asked first."""
    deadline = services.deadline()
    who, store_id = await place(services, arguments, endpoints.DELETE_VECTOR_DOCUMENT, deadline=deadline)
    found = await vector_stores.get_document(who, store_id=store_id, document_id=arguments.id, deadline=deadline)
    deletion = Deletion(
        path=f"vector-stores/{store_id}/documents/{arguments.id}",
        whose=who.whose,
        kind="document",
        id=str(arguments.id),
        name=found.name,
    )
    await require_consent(services, deletion, confirm=arguments.confirm)
    await vector_stores.delete_document(who, store_id=store_id, document_id=arguments.id, deadline=services.deadline())
    return DeletedDocument(account=who.account, deleted=arguments.id)


def tools() -> list[ContractTool]:
    """The five tools, in the order in which they are listed."""
    return [
        tool(list_vector_documents, "List the vector store's documents", READS),
        tool(get_vector_document, "Look at a document of the vector store", READS),
        tool(add_vector_text, "Add a text to the vector store", ADDS),
        tool(rename_vector_document, "Rename a document of the vector store", CHANGES),
        tool(delete_vector_document, "Delete a document of the vector store", DELETES),
    ]


def _one(document: VectorDocument) -> VectorDocumentResult:
    fence = Fence()
    return VectorDocumentResult(**fence.marks(), document=document)
