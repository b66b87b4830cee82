"""Vector stores and the documents in them (rememberizer-api.md §6)."""

from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from . import endpoints
from .answers import HIGHEST, Answer, Id, Name, SomeLine, SomeWhole, WholeId, ask, read_every
from .client import Asker
from .search import Passages, found_in
from .text import clean_line

DEEPEST_OPTION = 6


def _option(value: Any, depth: int = 0) -> Any:
    """A JSON value with its texts cleaned; what lies too deep is left out, and numbers that few readers take."""
    if isinstance(value, int) and abs(value) > HIGHEST:
        return None
    if isinstance(value, str):
        return clean_line(value)
    if isinstance(value, list | dict) and depth == DEEPEST_OPTION:
        return None
    if isinstance(value, list):
        return [_option(each, depth + 1) for each in value]
    if isinstance(value, dict):
        return {clean_line(name): _option(each, depth + 1) for name, each in value.items()}
    return value


class VectorStore(Answer):
    """A vector store."""

    id: Id
    name: Name = ""
    description: SomeLine = None
    embedding_model: SomeLine = None
    indexing_algorithm: SomeLine = None
    vector_dimension: SomeWhole = None
    search_metric: SomeLine = None
    created: SomeLine = None
    modified: SomeLine = None


class StoreOptions(Answer):
    """What a new store can be made with; its schema is not documented."""

    options: Annotated[Any, BeforeValidator(_option)] = Field(description="As Rememberizer lists them.")


class VectorDocument(Answer):
    """A document of a vector store; the words of its states are upstream's, and open."""

    id: WholeId
    name: Name = ""
    type: SomeLine = None
    size: SomeWhole = Field(None, description="Bytes.")
    status: SomeLine = Field(None, description="Rememberizer's word; `indexed_on` says whether it can be searched.")
    processing_status: SomeLine = Field(None, description="As `status`.")
    status_error_message: SomeLine = None
    indexed_on: SomeLine = Field(None, description="null: not searchable yet.")
    created: SomeLine = None
    modified: SomeLine = None


FoundInStore = Passages[VectorDocument]
"""What a search in a vector store came to."""


async def get_store(asker: Asker) -> VectorStore:
    """``GET vector-stores/me``: the store that the key is for.

    Raises:
        RememberizerError: Upstream's refusals, or no usable answer; so do all functions here.
    """
    return await ask(VectorStore, asker, endpoints.VECTOR_STORE.call())


async def create_store(asker: Asker, *, properties: dict[str, Any]) -> VectorStore:
    """``POST vector-stores/``; which properties are required is not documented. Never repeated."""
    return await ask(VectorStore, asker, endpoints.CREATE_VECTOR_STORE.call(properties), known=properties)


async def store_options(asker: Asker) -> StoreOptions:
    """``GET vector-stores/configs``: the models, algorithms and metrics that a store can be made with."""
    reply = await asker.request(endpoints.VECTOR_STORE_CONFIGS.call())
    if reply.body.json is None:
        raise reply.unusable()
    return StoreOptions(options=reply.body.fields or reply.body.json)


async def list_documents(asker: Asker, *, store_id: str) -> list[VectorDocument]:
    """``GET vector-stores/{store}/documents``: every document, since upstream knows no pages."""
    return await read_every(VectorDocument, asker, endpoints.VECTOR_DOCUMENTS, store_id=store_id)


async def get_document(asker: Asker, *, store_id: str, document_id: int) -> VectorDocument:
    """``GET vector-stores/{store}/documents/{id}``."""
    call = endpoints.VECTOR_DOCUMENT.call(store_id=store_id, document_id=document_id)
    return await ask(VectorDocument, asker, call)


async def add_text(asker: Asker, *, store_id: str, name: str, text: str) -> VectorDocument:
    """``POST vector-stores/{store}/documents/create``: the field is ``name``, as documented (§8). Never repeated."""
    call = endpoints.ADD_VECTOR_TEXT.call({"name": name, "text": text}, store_id=store_id)
    return await ask(VectorDocument, asker, call, known={"name": name})


async def rename_document(asker: Asker, *, store_id: str, document_id: int, name: str) -> VectorDocument:
    """``PATCH vector-stores/{store}/documents/{id}/``: only the name can change."""
    call = endpoints.RENAME_VECTOR_DOCUMENT.call({"name": name}, store_id=store_id, document_id=document_id)
    return await ask(VectorDocument, asker, call, known={"id": document_id, "name": name})


async def delete_document(asker: Asker, *, store_id: str, document_id: int) -> None:
    """``DELETE vector-stores/{store}/documents/{id}/``, for good."""
    await asker.request(endpoints.DELETE_VECTOR_DOCUMENT.call(store_id=store_id, document_id=document_id))


async def search_store(asker: Asker, *, store_id: str, **given: Any) -> FoundInStore:
    """``GET vector-stores/{store}/documents/search`` (§6.10).

    ``given`` has the ``query``, ``limit``, ``threshold`` and ``context_chunks``.
    """
    return found_in(await asker.request(endpoints.VECTOR_SEARCH.call(given, store_id=store_id)), FoundInStore)


async def agentic_search_store(asker: Asker, *, store_id: str, **given: Any) -> FoundInStore:
    """``POST vector-stores/{store}/documents/agentic_search`` (§6.11), as the official server sends it.

    ``given`` has the ``query``, ``limit`` and ``user_context``.
    """
    reply = await asker.request(endpoints.VECTOR_AGENTIC_SEARCH.call(given, store_id=store_id))
    return found_in(reply, FoundInStore, may_sum_up=True)
