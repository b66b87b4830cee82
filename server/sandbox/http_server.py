"""uvicorn on a loopback socket, in the event loop that is already running."""

import asyncio  # noqa: TID251 -- anyio has no way to stop accepting alone
import os
import signal
import socket
from collections.abc import AsyncIterator, Collection, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from types import FrameType

import anyio
import anyio.lowlevel
import uvicorn
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Receive, Scope, Send

from ..connections import ACCEPTED_AT_ONCE, Connections
from .config import LOOPBACK

_MOST_CONNECTIONS = 256
_MOST_WAITING = 100
_LAST_PORT = 65_535
_PATIENCE_SECONDS = 0.5
_LOOK_SECONDS = 0.01
_TURNS = 3


class HTTPServer(uvicorn.Server):
    """Handles the signals that it is told to, and no others; they end `serve` without ending the process.

    Once one has come they are ignored, also after the end: they often come together, and what is left is to go.
    At its end it waits that long for answers, and again for what it cut off.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        signals: Collection[signal.Signals] = (),
        patience_seconds: float = _PATIENCE_SECONDS,
    ) -> None:
        super().__init__(
            uvicorn.Config(
                self._answer,
                interface="asgi3",
                http=Connections(most=_MOST_CONNECTIONS).protocol,
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                proxy_headers=False,
                server_header=False,
                backlog=ACCEPTED_AT_ONCE,
            )
        )
        self._app = app
        self.ready = anyio.Event()
        self.ended = anyio.Event()
        self._told = anyio.Event()
        self._signals = signals
        self._signalled = False
        self._patience_seconds = patience_seconds

    def end(self) -> None:
        """Tell it to end."""
        self.should_exit = True
        self._told.set()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start to accept, and say so."""
        await super().startup(sockets=sockets)
        for listening in sockets or ():
            listening.listen(_MOST_WAITING)
        self.ready.set()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop to accept, let what was accepted arrive here, which takes asyncio some turns, and close it all.

        What owes an answer is closed when it has given it, or is cut off. uvicorn waits a tenth of a second even for no
        connection, and for ever for one that closes and whose client reads nothing.
        """
        self.ended.set()
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
            await anyio.sleep(_LOOK_SECONDS)

    async def main_loop(self) -> None:
        """Run until a signal, for which uvicorn looks ten times a second, or until it is told to end."""
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._cancel_when_told, tasks.cancel_scope)
            await super().main_loop()
            tasks.cancel_scope.cancel()

    async def _cancel_when_told(self, scope: anyio.CancelScope) -> None:
        await self._told.wait()
        scope.cancel()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Take the chosen signals over, and give them back if none of them came."""
        before = {number: signal.signal(number, self.handle_exit) for number in self._signals}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, signal.SIG_IGN if self._signalled else handler)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Have it end."""
        del sig, frame
        self._signalled = self.should_exit = True


def listen(port: int) -> socket.socket:
    """Open a listening socket on 127.0.0.1; port 0 is any free one.

    Raises:
        ValueError: the port is no port number, or can't be had.
    """
    if not 0 <= port <= _LAST_PORT:
        raise ValueError(f"{port} is no port number: it goes from 0 to {_LAST_PORT}.")
    try:
        listening = socket.create_server((LOOPBACK, port))
    except OSError as error:
        reason = os.strerror(error.errno or 0)  # the error's own text repeats the address
        raise ValueError(f"Port {port} of {LOOPBACK} can't be used: {reason}.") from error
    # What is accepted inherits it. asyncio sets it only where the socket names its protocol, which this one doesn't;
    # without it a reply of two writes takes 40 ms (measured).
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listening


@asynccontextmanager
async def serving(server: HTTPServer, listening: socket.socket) -> AsyncIterator[None]:
    """Serve while the body runs, then stop within a second. The body's exception leaves as it is, in no group."""
    failure: Exception | None = None
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(_serve, server, listening)
        try:
            await server.ready.wait()
            yield
        except Exception as error:  # noqa: BLE001 - raised again below, outside the task group
            failure = error
        finally:
            server.end()
    if failure is not None:
        raise failure


async def _serve(server: HTTPServer, listening: socket.socket) -> None:
    with anyio.CancelScope(shield=True):  # a cancelled uvicorn leaves its sockets open; `end` closes them
        await server.serve(sockets=[listening])


async def _turns() -> None:
    for _ in range(_TURNS):
        await anyio.lowlevel.checkpoint()
