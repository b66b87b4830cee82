"""What the tools for a vector store's documents share: which store."""

from pydantic import Field

from ...server.api.budget import extend_to
from ...server.api.endpoints import Endpoint
from ...server.api.lists import Id
from ...server.api.vector_stores import get_store
from ..base.arguments import Arguments
from ..base.call import ToolCall
from ..base.paging import PagedArguments

_STORE = Field(None, description="Id of the vector store; leave out for the key's own.")


class InStore(Arguments):
    """A tool for what is in a store."""

    store: Id | None = _STORE


class PagedInStore(PagedArguments):
    """The same, page by page."""

    store: Id | None = _STORE


async def store_of(call: ToolCall, arguments: InStore | PagedInStore, *, then: Endpoint | None = None) -> str:
    """The id of the store that the call is about.

    Args:
        call: Asks for the key's store, if no store is named.
        arguments: Name the store.
        then: What is asked next, if it may take longer than the rest: both share its time.

    Raises:
        NotSignedIn: The server has no vector store's key.
        RememberizerError: The key's store was asked for, and upstream refused or gave no usable answer.
    """
    if arguments.store is not None:
        return arguments.store
    known = call.store_of_key
    if known.id is None:
        extend_to(then.at_least_seconds if then else 0)
        known.id = (await get_store(call)).id
    return known.id
