"""The toolset ``vector_stores``; this module has the tools for a store as a whole.

The docstring of each body is the description that a model reads.
"""

from typing import Annotated

from pydantic import Field

from ...server.api import vector_stores
from ...server.api.answers import LONGEST_LINE
from ...server.api.vector_stores import StoreOptions, VectorStore
from ...server.errors import ResponseTooLarge
from ...server.settings.settings import Settings
from ..base.arguments import NO_BLANK, NO_TRUTH, Arguments, Text
from ..base.call import ToolCall
from ..base.content import Fence, FromDocuments, Written, fits
from ..base.contract import ADDS, READS, ContractTool, tool
from . import documents as vector_documents
from . import search as vector_search
from . import uploads as vector_uploads

Word = Annotated[Text, Field(min_length=1, max_length=200), NO_BLANK]


class CreateStoreArguments(Arguments):
    """``create_vector_store``."""

    name: Word
    description: Annotated[Text, Field(max_length=LONGEST_LINE)] | None = None
    embedding_model: Word | None = Field(None, description="From `vector_store_options`, as the next three.")
    vector_dimension: Annotated[int, Field(ge=1, le=100_000), NO_TRUTH] | None = None
    indexing_algorithm: Word | None = None
    search_metric: Word | None = None


class StoreDetails(FromDocuments, VectorStore):
    """A store."""


class Options(FromDocuments, StoreOptions):
    """What a store can be made with."""


class CreatedStore(Written, FromDocuments):
    """A new store."""

    store: VectorStore
    next: str


async def vector_store_info(call: ToolCall, _: Arguments) -> StoreDetails:
    """The vector store that this server has the key of: its id, name, embedding model and metric."""
    store = await vector_stores.get_store(call)
    return StoreDetails(**Fence().marks(), **store.model_dump())


async def vector_store_options(call: ToolCall, _: Arguments) -> Options:
    """What a new vector store can be made with. It needs a signed-in account."""
    found = await vector_stores.store_options(call)
    options = Options(**Fence().marks(), **found.model_dump())
    if not fits(options):
        raise ResponseTooLarge(
            "Rememberizer's list of options is too large for one result.",
            repair="Create the store without options, or with those that the user names.",
        )
    return options


async def create_vector_store(call: ToolCall, arguments: CreateStoreArguments) -> CreatedStore:
    """Create an empty vector store in the signed-in account. Only when the user asks for one: this server works with
    the one store whose key is in its settings. `vector_store_options` says what it can be made with.
    """
    store = await vector_stores.create_store(call, properties=arguments.given)
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
        *vector_search.tools(),
        *vector_documents.tools(),
        vector_uploads.upload_tool(),
    ]
