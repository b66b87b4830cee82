"""The page's port on 127.0.0.1: opened for the first page, closed with the last."""

import asyncio  # noqa: TID251 -- anyio has no way to stop accepting alone
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress

import anyio
import anyio.lowlevel
import uvicorn
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Receive, Scope, Send

from ..connections import ACCEPTED_AT_ONCE, Connections
from ..errors import SignInFailed
from ..sessions.flight import Spawn
from .peers import Peer

LOOPBACK = "127.0.0.1"
MOST_WAITING = 16
"""Connections that nobody has accepted yet."""
MOST_CONNECTIONS = 32
"""A browser opens six."""
PATIENCE_SECONDS = 0.1
"""How long a port that closes waits for answers, and again for what it cut off: less than a process has to end."""
LOOK_SECONDS = 0.01
"""How often it looks meanwhile."""
TURNS = 3
"""Of the event loop, after which a connection that was accepted is known to uvicorn (measured: 2 are needed)."""


class Listener:
    """Serves an application on loopback in the running event loop.

    Args:
        app: Makes the application for a port.
        port: Which port; 0 is any free one.
        spawn: Starts a task that outlives its caller.
    """

    def __init__(self, app: Callable[[int], ASGIApp], *, port: int, spawn: Spawn) -> None:
        self._app = app
        self._port = port
        self._spawn = spawn
        self._server: PageServer | None = None

    async def open(self) -> str:
        """Start to listen, if that was not done yet.

        Returns:
            The origin of the pages.

        Raises:
            SignInFailed: The port can't be had.
        """
        if self._server is None:
            listening = self._listen()
            server = PageServer(self._app(listening.getsockname()[1]), listening)
            self._spawn(server.run)
            self._server = server
            await server.ready.wait()
        return self._server.origin

    async def close(self) -> None:
        """Stop to listen, and wait until the port is closed."""
        server, self._server = self._server, None
        if server is not None:
            server.end()
            with anyio.CancelScope(shield=True):
                await server.closed.wait()

    def _listen(self) -> socket.socket:
        try:
            listening = socket.create_server((LOOPBACK, self._port))
        except OSError as error:
            raise SignInFailed(
                f"The sign-in page can't be served: port {self._port} of this machine can't be had.",
                hint="Have the user free it, or set REMEMBERIZER_OAUTH_PORT and the app's redirect URL to another.",
            ) from error
        # Inherited by what is accepted; asyncio sets it only where the socket names its protocol (40 ms a reply).
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return listening


def peer_of(transport: asyncio.Transport) -> Mapping[str, Peer]:
    """What the guard asks about a connection."""
    connection, address = (transport.get_extra_info(name) for name in ("socket", "peername"))
    return {"peer": Peer(connection, address=address)}


class PageServer(uvicorn.Server):
    """uvicorn that leaves signals alone, says when it is ready, and is not cancelled but told to end."""

    def __init__(
        self,
        app: ASGIApp,
        listening: socket.socket,
        *,
        patience_seconds: float = PATIENCE_SECONDS,
        connections: Connections | None = None,
    ) -> None:
        connections = connections or Connections(most=MOST_CONNECTIONS, state_of=peer_of)
        super().__init__(
            uvicorn.Config(
                self._answer,
                interface="asgi3",
                http=connections.protocol,
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                proxy_headers=False,
                server_header=False,
                date_header=False,
                backlog=ACCEPTED_AT_ONCE,
            )
        )
        self.origin = f"http://{LOOPBACK}:{listening.getsockname()[1]}"
        self._app = app
        self.ready = anyio.Event()
        self.closed = anyio.Event()
        self._told = anyio.Event()
        self._listening = listening
        self._patience_seconds = patience_seconds

    def end(self) -> None:
        self.should_exit = True
        self._told.set()

    async def run(self) -> None:  # type: ignore[override]  # uvicorn's own `run` starts a loop; ours is running
        try:
            with anyio.CancelScope(shield=True):
                await self.serve(sockets=[self._listening])
        finally:
            self._listening.close()
            self.ready.set()
            self.closed.set()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        self._listening.listen(MOST_WAITING)
        self.ready.set()

    async def main_loop(self) -> None:
        """Until it is told to end. uvicorn's own wakes up ten times a second for that and for the date."""
        await self._told.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Close the port, and every connection with it: what owes an answer when it has given it, or is cut off.

        asyncio hands one over some turns after it accepted it; if the port is closed by then, CPython 3.11 leaves it
        open and unanswered. uvicorn waits a tenth of a second even for no connection, and for ever for one that closes
        and whose client reads nothing.
        """
        loop = asyncio.get_running_loop()
        for listening in sockets or ():
            with suppress(NotImplementedError):  # by Windows' event loop, which accepts in another way
                loop.remove_reader(listening)
        await _turns()
        for accepting in self.servers:
            accepting.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        await _turns()
        await self._settle()
        for connection in list(self.server_state.connections):
            connection.transport.abort()
        await _turns()
        for task in self.server_state.tasks:
            task.cancel()
        await self._settle()

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Nobody is told of a request that is cut off, or whose client has gone; uvicorn would log a failure."""
        with suppress(anyio.get_cancelled_exc_class(), ClientDisconnect):
            await self._app(scope, receive, send)

    async def _settle(self) -> None:
        """Until nothing is left, or patience is."""
        limit = anyio.current_time() + self._patience_seconds
        state = self.server_state
        while (state.connections or state.tasks) and anyio.current_time() < limit:  # noqa: ASYNC110 -- uvicorn's sets
            await anyio.sleep(LOOK_SECONDS)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def _turns() -> None:
    for _ in range(TURNS):
        await anyio.lowlevel.checkpoint()
