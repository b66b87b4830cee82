"""The toolset ``vector_stores``; this module has the tools for a store as a whole."""

from typing import Annotated

from pydantic import Field

from ...server.api import vector_stores
from ...server.api.answers import LONGEST_LINE
from ...server.api.vector_stores import StoreOptions, VectorStore
from ...server.errors import ResponseTooLarge
from ...server.settings.settings import Settings
from ..base.arguments import NO_TRUTH, Name, Text
from ..base.call import ToolCall
from ..base.content import Fence, FromDocuments, Written, fits
from ..base.contract import ADDS, CHANGES, DELETES, READS, ContractTool, tool
from . import documents, search, uploads

Description = Annotated[Text, Field(max_length=LONGEST_LINE)]
Dimension = Annotated[int, Field(ge=1, le=100_000), NO_TRUTH]


class StoreDetails(FromDocuments, VectorStore):
    """A store."""


class Options(FromDocuments, StoreOptions):
    """What a store can be made with."""


class CreatedStore(Written, FromDocuments):
    store: VectorStore
    next: str


async def vector_store_info(call: ToolCall) -> StoreDetails:
    """The vector store that this server has the key of: its id, name, embedding model and metric."""
    store = await vector_stores.get_store(call)
    return StoreDetails(**Fence().marks(), **store.model_dump())


async def vector_store_options(call: ToolCall) -> Options:
    """What a new vector store can be made with. It needs a signed-in account."""
    found = await vector_stores.store_options(call)
    options = Options(**Fence().marks(), **found.model_dump())
    if not fits(options):
        raise ResponseTooLarge(
            "Rememberizer's list of options is too large for one result.",
            repair="Create the store without options, or with those that the user names.",
        )
    return options


async def create_vector_store(
    call: ToolCall,
    *,
    name: Name,
    description: Description | None = None,
    embedding_model: Annotated[
        Name | None, Field(description="From `vector_store_options`, as the next three.")
    ] = None,
    vector_dimension: Dimension | None = None,
    indexing_algorithm: Name | None = None,
    search_metric: Name | None = None,
) -> CreatedStore:
    """Create an empty vector store in the signed-in account. Only when the user asks for one: this server works with
    the one store whose key is in its settings. `vector_store_options` says what it can be made with.
    """
    properties = {
        "name": name,
        "description": description,
        "embedding_model": embedding_model,
        "vector_dimension": vector_dimension,
        "indexing_algorithm": indexing_algorithm,
        "search_metric": search_metric,
    }
    store = await vector_stores.create_store(call, properties=properties)
    return CreatedStore(
        account=call.account,
        **Fence().marks(),
        store=store,
        next=(
            "To work in it, the user takes its API key from the store's page at Rememberizer, sets "
            "REMEMBERIZER_VECTOR_STORE_TOKEN to it and restarts this server."
        ),
    )


def toolset(_: Settings) -> list[ContractTool]:
    """The eleven tools, in the order in which they are listed."""
    return [
        tool(vector_store_info, "Look at the vector store", READS),
        tool(vector_store_options, "Options for a new vector store", READS),
        tool(create_vector_store, "Create a vector store", ADDS),
        tool(search.search_vector_store, "Search the vector store", READS),
        tool(search.smart_search_vector_store, "Smart search in the vector store", READS),
        tool(documents.list_vector_documents, "List the vector store's documents", READS),
        tool(documents.get_vector_document, "Look at a document of the vector store", READS),
        tool(documents.add_vector_text, "Add a text to the vector store", ADDS),
        tool(documents.rename_vector_document, "Rename a document of the vector store", CHANGES),
        tool(documents.delete_vector_document, "Delete a document of the vector store", DELETES),
        tool(uploads.upload_vector_files, "Upload files into the vector store", ADDS),
    ]
