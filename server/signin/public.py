"""``PublicPages``: the sign-in pages of hosted mode, on the public address of the server, for people elsewhere."""

from collections.abc import Callable
from urllib.parse import urlsplit

from starlette.responses import Response
from starlette.routing import Mount
from starlette.types import ASGIApp, Receive, Scope, Send

from ..api.issuer import Issuer
from ..errors import SignInFailed
from ..sessions.states import Environment
from .issuer_trip import IssuerTrips

PATH = "/sign-in"
NO_CLIENT = "Nobody can sign in on a page here: this server is no client of its authorization server."
SET_CLIENT = (
    "Have the operator register it there, and set REMEMBERIZER_ISSUER_CLIENT_ID and REMEMBERIZER_ISSUER_CLIENT_SECRET. "
    "Don't ask the user for a password: only a program that holds its own user's passes it to {login}."
)


class PublicPages:
    """The pages as an application. The desk that is given it opens its pages there, in place of a port of this machine.

    Without our client at the issuer nobody could be told from anybody else, so there are no pages (S9).

    Args:
        url: The public URL of the server, as browsers name its origin.
        issuer: Where the owners of the sessions sign in.
        person_of: The issuer and the subject of a session's owner.
    """

    def __init__(self, url: str, *, issuer: Issuer, person_of: Callable[[str], tuple[str, str]]) -> None:
        self.origin = url
        self.host = urlsplit(url).netloc
        self.base_url = url + PATH
        self._issuer = issuer
        self._person_of = person_of
        self._app: ASGIApp = Response(status_code=404)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request below ``PATH``."""
        await self._app(scope, receive, send)

    def mount(self) -> Mount:
        """Their route in the application of the server."""
        return Mount(PATH, self)

    def serve(self, make_app: Callable[[IssuerTrips], ASGIApp], environment: Environment) -> None:
        """Serve these pages from now on."""
        if self._issuer.client_id is None:
            return
        trips = IssuerTrips(
            issuer=self._issuer, base_url=self.base_url, person_of=self._person_of, environment=environment
        )
        self._app = make_app(trips)

    async def open(self) -> str:
        """Give the address below which the pages are.

        Raises:
            SignInFailed: There are no pages.
        """
        if self._issuer.client_id is None:
            raise SignInFailed(NO_CLIENT, repair=SET_CLIENT)
        return self.base_url

    async def close(self) -> None:
        """The server goes on to listen."""
