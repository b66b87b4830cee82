"""The sandbox: the one place where its parts meet."""

import warnings
from contextlib import AbstractContextManager

from starlette.routing import Mount, Router
from starlette.types import ASGIApp

from ..loopback import WithHeaders
from .config import SandboxConfig
from .data.database import Database
from .endpoints.account import AccountEndpoints
from .endpoints.auth import AuthEndpoints
from .endpoints.base import Services
from .endpoints.consent import Browsers, ConsentPage
from .endpoints.documents import DocumentEndpoints
from .endpoints.mementos import MementoEndpoints
from .endpoints.oauth import TokenEndpoint
from .endpoints.vector_stores import VectorStoreEndpoints
from .wire.pages import Pages
from .wire.web import web_app

_FAMILIES = (AuthEndpoints, TokenEndpoint, AccountEndpoints, DocumentEndpoints, MementoEndpoints, VectorStoreEndpoints)
"""Each further family of endpoints is one class of `endpoints/` and one name here."""


class Sandbox(AbstractContextManager["Sandbox"]):
    """A running service without a socket. Close it, or use it as a context manager; forgetting that is a warning."""

    _closed = True  # until there is something to close

    def __init__(self, config: SandboxConfig) -> None:
        """Put a sandbox together. Without `config.data` it starts empty.

        Raises:
            ValueError: the data file can't be used; the sentence says why.
        """
        pages = Pages()
        self._database = Database(config.data)
        self._closed = False
        services = Services(config, self._database)
        self.browser_routes = [ConsentPage(services, Browsers(self._database, config), pages).route()]
        """The part of the API that a person's browser has to reach, wherever the rest is."""
        self.outbox = services.outbox
        self.shown_keys = services.api_keys
        """What the outbox page shows beside the letters."""
        api = Router([route for family in _FAMILIES for route in family(services).routes()], redirect_slashes=False)
        routes = [pages.index_route(config), *self.browser_routes, Mount("/api/v1", app=api)]
        app = web_app(routes, error_shape=config.variants.error_shape)
        self.app: ASGIApp = WithHeaders(app, pages.headers())
        """The ASGI application: the API below `/api/v1/`, and the first page at `/`."""

    def close(self) -> None:
        """Close the database; one in memory is gone then. A second call does nothing."""
        self._closed = True
        self._database.close()

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()

    def __del__(self) -> None:
        """Close it if that was forgotten, and say so."""
        if not self._closed:
            self.close()
            warnings.warn("A sandbox was not closed.", ResourceWarning, source=self, stacklevel=2)
