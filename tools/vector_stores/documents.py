"""The toolset ``vector_stores``: the documents in a store.

The docstring of each body is the description that a model reads.
"""

from typing import Annotated

from pydantic import Field

from ...server.api import vector_stores
from ...server.api.vector_stores import VectorDocument
from ..base.arguments import NO_BLANK, Text
from ..base.call import ToolCall
from ..base.confirmation import CONFIRM, Confirm, Deletion, require_consent
from ..base.content import Fence, FromDocuments, Written
from ..base.contract import ADDS, CHANGES, DELETES, READS, ContractTool, tool
from ..base.paging import PagedResult, page_of
from ..knowledge.arguments import Number as DocumentId
from .in_store import InStore, PagedInStore, store_of

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


async def list_vector_documents(call: ToolCall, arguments: PagedInStore) -> VectorDocumentList:
    """The documents of the vector store, with their ids and states. To find something in them use
    `search_vector_store`.
    """
    store_id = await store_of(call, arguments)
    everything = await vector_stores.list_documents(call, store_id=store_id)
    return page_of(VectorDocumentList, "documents", everything, arguments, lambda _, document: document)


async def get_vector_document(call: ToolCall, arguments: DocumentArguments) -> VectorDocumentResult:
    """One document of the vector store by its id: its size and state, not its text. Use it to see whether a document
    that was added can be searched yet.
    """
    store_id = await store_of(call, arguments)
    return _one(await vector_stores.get_document(call, store_id=store_id, document_id=arguments.id))


async def add_vector_text(call: ToolCall, arguments: AddTextArguments) -> AddedText:
    """Add a text to the vector store as a new document. Use `upload_vector_files` for files. The user's own
    knowledge is kept elsewhere.
    """
    store_id = await store_of(call, arguments)
    document = await vector_stores.add_text(call, store_id=store_id, name=arguments.name, text=arguments.text)
    return AddedText(
        account=call.account,
        document=document,
        next="It can be searched once it is indexed; `get_vector_document` shows how it stands.",
    )


async def rename_vector_document(call: ToolCall, arguments: RenameArguments) -> RenamedDocument:
    """Rename a document of the vector store. Its text can't be changed: add the new one, then delete the old one."""
    store_id = await store_of(call, arguments)
    document = await vector_stores.rename_document(
        call, store_id=store_id, document_id=arguments.id, name=arguments.name
    )
    return RenamedDocument(account=call.account, **dict(_one(document)))


async def delete_vector_document(call: ToolCall, arguments: DeleteArguments) -> DeletedDocument:
    """Delete a document of the vector store for good. The user is asked first."""
    store_id = await store_of(call, arguments)
    found = await vector_stores.get_document(call, store_id=store_id, document_id=arguments.id)
    deletion = Deletion(
        path=f"vector-stores/{store_id}/documents/{arguments.id}",
        whose=call.whose,
        kind="document",
        id=str(arguments.id),
        name=found.name,
    )
    await require_consent(call.caller, deletion, confirm=arguments.confirm)
    await vector_stores.delete_document(call, store_id=store_id, document_id=arguments.id)
    return DeletedDocument(account=call.account, deleted=arguments.id)


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
