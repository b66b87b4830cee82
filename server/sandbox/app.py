"""The sandbox: the one place where its parts meet."""

import warnings
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from starlette.routing import BaseRoute, Mount, Router
from starlette.types import ASGIApp

from .config import SandboxConfig
from .data.database import Database
from .endpoints.account import AccountEndpoints
from .endpoints.auth import AuthEndpoints
from .endpoints.common_knowledge import CommonKnowledgeEndpoints
from .endpoints.consent import ConsentPage
from .endpoints.documents import DocumentEndpoints
from .endpoints.mementos import MementoEndpoints
from .endpoints.oauth import TokenEndpoint
from .endpoints.search import SearchEndpoints
from .endpoints.services import Services
from .endpoints.store_documents import StoreDocumentEndpoints
from .endpoints.store_uploads import StoreUploads
from .endpoints.vector_stores import VectorStoreEndpoints
from .wire.pages import Pages
from .wire.web import WithHeaders, web_app


class Sandbox:
    """A running service without a socket. Close it, or use it as a context manager; forgetting that is a warning."""

    def __init__(
        self, app: ASGIApp, services: Services, database: Database, *, browser_routes: Sequence[BaseRoute]
    ) -> None:
        self.app = app
        """The ASGI application: the API below `/api/v1/`, and the first page at `/`."""
        self.browser_routes = browser_routes
        """The part of the API that a person's browser has to reach, wherever the rest is."""
        self.outbox = services.outbox
        self.shown_keys = services.api_keys
        """What the outbox page shows beside the letters."""
        self._database = database
        self._closed = False

    def close(self) -> None:
        """Close the database; one in memory is gone then. A second call does nothing."""
        self._closed = True
        self._database.close()

    def __enter__(self) -> Self:
        """Give the sandbox itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close it."""
        self.close()

    def __del__(self) -> None:
        """Close it if that was forgotten, and say so."""
        if not self._closed:
            self.close()
            warnings.warn("A sandbox was not closed.", ResourceWarning, source=self, stacklevel=2)


def build_sandbox(config: SandboxConfig) -> Sandbox:
    """Put a sandbox together. Without `config.data` it starts empty.

    Raises:
        ValueError: the data file can't be used; the sentence says why.
    """
    pages = Pages()
    database = Database(config.data)
    services = Services(config, database)
    # Each further family of endpoints is one class of `endpoints/` and one name here.
    families = (
        *(AuthEndpoints, AccountEndpoints, TokenEndpoint, DocumentEndpoints, SearchEndpoints, MementoEndpoints),
        *(CommonKnowledgeEndpoints, VectorStoreEndpoints, StoreDocumentEndpoints, StoreUploads),
    )
    api = Router([route for family in families for route in family(services).routes()], redirect_slashes=False)
    for_browsers = [ConsentPage(services, pages).route()]
    app = web_app(
        [pages.index_route(config), *for_browsers, Mount("/api/v1", app=api)], error_shape=config.variants.error_shape
    )
    return Sandbox(WithHeaders(app, pages.headers()), services, database, browser_routes=for_browsers)
