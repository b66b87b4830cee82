"""The toolset ``vector_stores``: the documents in a store, and which store it is."""

from typing import Annotated

from pydantic import Field

from ...server.api import vector_stores
from ...server.api.answers import Id
from ...server.api.budget import extend_to
from ...server.api.endpoints import Endpoint
from ...server.api.vector_stores import VectorDocument
from ..base.arguments import NO_BLANK, Name, Number, Text
from ..base.call import ToolCall
from ..base.confirmation import Confirm, Deletion, require_consent
from ..base.content import Fence, FromDocuments, Page, PagedResult, PageSize, Written, page_of

LONGEST_TEXT = 500_000
"""Characters of a text that is added; longer ones go by file."""
Store = Annotated[Id | None, Field(description="Id of the vector store; leave out for the key's own.")]
LongText = Annotated[Text, Field(min_length=1, max_length=LONGEST_TEXT), NO_BLANK]


class VectorDocumentList(PagedResult):
    documents: list[VectorDocument]


class VectorDocumentResult(FromDocuments):
    document: VectorDocument


class RenamedDocument(Written, VectorDocumentResult):
    """What it is called now."""


class AddedText(Written):
    document: VectorDocument
    next: str


class DeletedDocument(Written):
    deleted: int = Field(description="Its id.")
    name: str


async def store_of(call: ToolCall, store: str | None, *, then: Endpoint | None = None) -> str:
    """The id of the store that the call is about.

    Args:
        call: Asks for the key's store, if no store is named.
        store: Its id, if one is named.
        then: What is asked next, if it may take longer than the rest: both share its time.

    Raises:
        NotSignedIn: The server has no vector store's key.
        RememberizerError: The key's store was asked for, and upstream refused or gave no usable answer.
    """
    if store is not None:
        return store
    known = call.store_of_key
    if known.id is None:
        extend_to(then.at_least_seconds if then else 0)
        known.id = (await vector_stores.get_store(call)).id
    return known.id


async def list_vector_documents(
    call: ToolCall, *, page: Page = 1, page_size: PageSize = 20, store: Store = None
) -> VectorDocumentList:
    """The documents of the vector store, with their ids and states. To find something in them use
    `search_vector_store`.
    """
    everything = await vector_stores.list_documents(call, store_id=await store_of(call, store))
    return page_of(VectorDocumentList, "documents", everything, lambda _, each: each, page=page, page_size=page_size)


async def get_vector_document(call: ToolCall, *, store: Store = None, id: Number) -> VectorDocumentResult:
    """One document of the vector store by its id: its size and state, not its text. It can be searched once
    `indexed_on` is there; `status` and `processing_status` are Rememberizer's words.
    """
    store_id = await store_of(call, store)
    document = await vector_stores.get_document(call, store_id=store_id, document_id=id)
    return VectorDocumentResult(**Fence().marks(), document=document)


async def add_vector_text(
    call: ToolCall,
    *,
    store: Store = None,
    name: Annotated[Name, Field(description="By which it will be known.")],
    text: LongText,
) -> AddedText:
    """Add a text to the vector store as a new document. Use `upload_vector_files` for files. The user's own
    knowledge is kept elsewhere.
    """
    document = await vector_stores.add_text(call, store_id=await store_of(call, store), name=name, text=text)
    return AddedText(
        account=call.account,
        document=document,
        next="It can be searched once it is indexed; `get_vector_document` shows how it stands.",
    )


async def rename_vector_document(call: ToolCall, *, store: Store = None, id: Number, name: Name) -> RenamedDocument:
    """Rename a document of the vector store. Its text can't be changed: add the new one, then delete the old one."""
    store_id = await store_of(call, store)
    document = await vector_stores.rename_document(call, store_id=store_id, document_id=id, name=name)
    return RenamedDocument(account=call.account, **Fence().marks(), document=document)


async def delete_vector_document(
    call: ToolCall, *, store: Store = None, id: Number, confirm: Confirm = None
) -> DeletedDocument:
    """Delete a document of the vector store for good."""
    store_id = await store_of(call, store)
    found = await vector_stores.get_document(call, store_id=store_id, document_id=id)
    deletion = Deletion(
        path=f"vector-stores/{store_id}/documents/{id}",
        whose=call.whose,
        kind="document",
        id=str(id),
        name=found.name,
    )
    await require_consent(call, deletion, confirm=confirm)
    await vector_stores.delete_document(call, store_id=store_id, document_id=id)
    return DeletedDocument(account=call.account, deleted=id, name=found.name)
