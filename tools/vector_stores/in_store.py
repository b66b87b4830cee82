"""What the tools for a vector store's documents share: which store, and who asks."""

from typing import NamedTuple

from pydantic import Field

from ...server.api.asking import Asker
from ...server.api.endpoints import Endpoint
from ...server.api.lists import Id
from ...server.api.vector_stores import get_store
from ..base.arguments import Arguments
from ..base.asking import asker
from ..base.paging import PagedArguments
from ..base.services import CallServices

_STORE = Field(None, description="Id of the vector store; leave out for the key's own.")


class InStore(Arguments):
    """A tool for what is in a store."""

    store: Id | None = _STORE


class PagedInStore(PagedArguments):
    """The same, page by page."""

    store: Id | None = _STORE


class Place(NamedTuple):
    """Who asks, and the id of the store."""

    asker: Asker
    store_id: str


async def place(
    services: CallServices, arguments: InStore | PagedInStore, endpoint: Endpoint, *, deadline: float
) -> Place:
    """Where the call goes.

    Raises:
        NotSignedIn: The server has no vector store's key.
        RememberizerError: The key's store was asked for, and upstream refused or gave no usable answer.
    """
    who = await asker(services, arguments.session, endpoint)
    if arguments.store is not None:
        return Place(who, arguments.store)
    known = services.store_of_key
    if known.id is None:
        known.id = (await get_store(who, deadline=deadline)).id
    return Place(who, known.id)
