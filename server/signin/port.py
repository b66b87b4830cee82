"""``PagePort``: the port of this machine at which the pages are, as long as there are any."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import anyio

from ..errors import SignInFailed
from ..sessions.flight import Spawn

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from ..loopback import LoopbackServer

MOST_CONNECTIONS = 32
"""How many connections the port holds; a browser opens six."""


class PagePort:
    """The port is opened for the first page, and closed after the last.

    Args:
        make_app: Makes what is served there.
        fixed: The port of the OAuth app's redirect URL, where there is one.
        spawn: Starts a task that outlives its caller.
    """

    def __init__(self, *, make_app: "Callable[[], ASGIApp]", fixed: int | None, spawn: Spawn) -> None:
        self._make_app = make_app
        self._fixed = fixed
        self._spawn = spawn
        self._server: LoopbackServer | None = None

    async def open(self) -> str:
        """Open the port, if it is not open yet, and give the address below which the pages are.

        Raises:
            SignInFailed: The port can't be had.
        """
        if self._server is None:
            from .handover import ask_for_port  # noqa: PLC0415 -- as in `_make_server`

            try:
                self._server = self._make_server()
            except SignInFailed:
                await ask_for_port(self._fixed or 0)
                self._server = self._make_server()
            self._spawn(self._server.run)
            await self._server.ready.wait()
        return self._server.origin

    async def close(self) -> None:
        """Close the port, if it is open."""
        server, self._server = self._server, None
        if server is not None:
            server.end()
            with anyio.CancelScope(shield=True):
                await server.closed.wait()

    def _make_server(self) -> "LoopbackServer":
        """Make the web server; what it is made of is loaded when somebody first signs in by it."""
        from ..loopback import Connections, LoopbackServer  # noqa: PLC0415 -- see above
        from .peers import peer_of  # noqa: PLC0415 -- as above

        connections, port = Connections(most=MOST_CONNECTIONS, state_of=peer_of), self._fixed or 0
        try:
            return LoopbackServer(self._make_app(), connections=connections, port=port)
        except ValueError as error:
            raise SignInFailed(
                f"The sign-in page can't be served: port {port} of this machine can't be had.",
                repair="If another sign-in is open, have the user finish it, then call again. Otherwise have them free "
                "the port, or set REMEMBERIZER_OAUTH_PORT and the app's redirect URL to another.",
            ) from error
