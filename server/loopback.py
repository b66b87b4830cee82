"""``LoopbackServer``: uvicorn on 127.0.0.1. It holds few connections, fills no log, and ends in time.

It serves the sign-in page and the sandbox. It reaches into uvicorn, so `make lowest-uvicorn` runs its tests with the
oldest release that pyproject.toml allows.
"""

import asyncio  # noqa: TID251 -- uvicorn's protocols are asyncio's, and anyio has no way to stop accepting alone
import logging
import os
import socket
import time
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from email.utils import formatdate
from functools import partial
from typing import Any

import anyio
import anyio.lowlevel
import uvicorn
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

HOST = "127.0.0.1"
FIRST_REQUEST_SECONDS = 10.0
SECONDS_BETWEEN_WARNINGS = 60.0
PATIENCE_SECONDS = 0.1
"""How long the end waits for answers, and again for what it cut off: less than a process has to end."""
_LAST_PORT = 65_535
_HTTP_PORT = 80  # browsers leave it out of Host and Origin
_ACCEPTED_AT_ONCE = 1  # asyncio logs each connection that it can't accept, and tries as many at once as it is told
_MOST_WAITING = 100  # connections that nobody has accepted yet; they cost the process no descriptor
_LOOK_SECONDS = 0.01
_TURNS = 3  # of the event loop, after which uvicorn knows a connection that was accepted (measured: 2 are needed)

Later = Callable[[float, Callable[[], None]], asyncio.TimerHandle]


class Connections:
    """The open connections of one port; `protocol` is what uvicorn takes as its `http`.

    Args:
        most: How many there may be. Beyond them the oldest that owes no answer is cut off.
        state_of: What a request's scope holds of its connection, under `state`; made once for each connection.
        now: A clock, in seconds.
        later: Calls back after so many seconds; without it the running event loop does.
    """

    def __init__(
        self,
        *,
        most: int,
        state_of: Callable[[asyncio.Transport], Mapping[str, Any]] = lambda _: {},
        now: Callable[[], float] = time.monotonic,
        later: Later | None = None,
    ) -> None:
        self.protocol: Any = partial(_Connection, self)
        self.state_of = state_of
        self.logger = logging.Logger(__name__)  # noqa: LOG001 -- this port's alone, for it counts what it lets through
        self.logger.parent = logging.getLogger("uvicorn.error")
        self.logger.addFilter(self._may_be_logged)
        self._limit = most
        self.open: list[_Connection] = []
        self._now = now
        self._later = later
        self._warned_at = float("-inf")

    def add(self, connection: "_Connection") -> asyncio.TimerHandle:
        """Add a connection, and if there are too many cut the oldest that is idle; the new one is idle itself.

        Returns:
            The timer that cuts the new connection if its first request doesn't come in time.
        """
        self.open.append(connection)
        if len(self.open) > self._limit:
            next(each for each in self.open if each.is_idle).transport.abort()
            self.logger.warning("over %d connections to one of our ports: those that ask nothing are cut", self._limit)
        later: Later = self._later or asyncio.get_running_loop().call_later
        return later(FIRST_REQUEST_SECONDS, connection.cut_if_nothing_was_asked)

    def _may_be_logged(self, record: logging.LogRecord) -> bool:
        """All failures, and one warning a minute: anybody on this machine can cause those."""
        if record.levelno < logging.ERROR:
            if self._now() - self._warned_at < SECONDS_BETWEEN_WARNINGS:
                return False
            self._warned_at = self._now()
        return True


class _Connection(H11Protocol):
    """uvicorn's connection, which tells ``Connections`` when it begins and ends."""

    def __init__(self, connections: Connections, **given: Any) -> None:
        super().__init__(**given)
        self.scope: Any = None  # of the newest request
        self._all = connections
        self.logger = connections.logger

    @property
    def is_idle(self) -> bool:
        """Whether no request waits for its answer."""
        return self.scope is None or self.cycle.response_complete

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's own
        super().connection_made(transport)
        self.app_state = dict(self._all.state_of(transport))
        self._timer = self._all.add(self)

    def data_received(self, data: bytes) -> None:
        """Date the answer here: uvicorn would wake up ten times a second to do so."""
        self.server_state.default_headers = [(b"date", formatdate(usegmt=True).encode())]
        super().data_received(data)

    def connection_lost(self, exc: Exception | None) -> None:
        self._timer.cancel()
        self._all.open.remove(self)
        super().connection_lost(exc)

    def cut_if_nothing_was_asked(self) -> None:
        if self.scope is None:
            self.transport.abort()


class LoopbackServer(uvicorn.Server):
    """Serves an application on one port of 127.0.0.1, in the event loop that is already running.

    It leaves signals alone. It is not cancelled but told to end.

    Args:
        app: The application.
        connections: The connections of the port.
        port: Which port; 0 is any free one.
        patience_seconds: How long the end waits for answers, and again for what it cut off.

    Raises:
        ValueError: The port is no port number, or can't be had.
    """

    def __init__(
        self, app: ASGIApp, *, connections: Connections, port: int = 0, patience_seconds: float = PATIENCE_SECONDS
    ) -> None:
        self._app = app
        self._listening = _listen(port)
        self._patience_seconds = patience_seconds
        self._told = anyio.Event()
        self.port: int = self._listening.getsockname()[1]
        self.ready = anyio.Event()
        self.closed = anyio.Event()
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
                backlog=_ACCEPTED_AT_ONCE,
            )
        )

    @property
    def origin(self) -> str:
        """Scheme, host and port of what it serves."""
        return f"http://{HOST}:{self.port}"

    async def run(self) -> None:  # type: ignore[override]  # uvicorn's own `run` starts a loop; ours is running
        """Serve until `end` is called; `ready` and `closed` say how far it is."""
        try:
            with anyio.CancelScope(shield=True):  # a cancelled uvicorn leaves its sockets open
                await self.serve(sockets=[self._listening])
        finally:
            self._listening.close()
            self.ready.set()
            self.closed.set()

    def end(self) -> None:
        """Tell `run` to end."""
        self._told.set()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start to accept connections."""
        await super().startup(sockets=sockets)
        self._listening.listen(_MOST_WAITING)
        self.ready.set()

    async def main_loop(self) -> None:
        """Wait until `end` is called."""
        await self._told.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Close the port and its connections: one that owes an answer when it has given that, or patience is over.

        asyncio hands a connection over some turns after it accepted it; if the port is closed by then, CPython 3.11
        leaves the connection open and unanswered. uvicorn's own shutdown waits a tenth of a second even for no
        connection, and for ever for one that closes and whose client reads nothing.
        """
        for listening in sockets or ():
            with suppress(NotImplementedError):  # by Windows' event loop, which accepts in another way
                asyncio.get_running_loop().remove_reader(listening)
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

    async def _settle(self) -> None:
        """Wait until no connection and no task is left, or patience is over."""
        limit = anyio.current_time() + self._patience_seconds
        state = self.server_state
        while (state.connections or state.tasks) and anyio.current_time() < limit:  # noqa: ASYNC110 -- uvicorn's sets
            await anyio.sleep(_LOOK_SECONDS)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request. If it is cut off, or its client has gone, that is no failure, as it would be to uvicorn."""
        with suppress(anyio.get_cancelled_exc_class(), ClientDisconnect):
            await self._app(scope, receive, send)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave them alone."""
        yield


@asynccontextmanager
async def serving(server: LoopbackServer) -> AsyncIterator[None]:
    """Serve while the body runs. The body's exception leaves as it is, in no group."""
    failure: Exception | None = None
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(server.run)
        try:
            await server.ready.wait()
            yield
        except Exception as error:  # noqa: BLE001 - raised again below, outside the task group
            failure = error
        finally:
            server.end()
    if failure is not None:
        raise failure


def is_asked_here(scope: Scope, *, names: Collection[str] = (HOST,)) -> bool:
    """Whether a request names the port that it came to as its only Host, and as its Origin if it has one.

    So no web page of another origin reaches the application through a person's browser, by DNS rebinding or otherwise
    (security.md S32). Each of the names may stand in front of the port.
    """
    headers, port = Headers(scope=scope), scope["server"][1]
    hosts, origins = [host.lower() for host in headers.getlist("host")], headers.getlist("origin")
    known = {f"{name}:{port}" for name in names}.union(names if port == _HTTP_PORT else ())
    return len(hosts) == 1 and hosts[0] in known and all(origin == f"http://{hosts[0]}" for origin in origins)


class WithHeaders:
    """Adds headers to every answer of an application that has none of that name yet."""

    def __init__(self, app: ASGIApp, headers: Mapping[str, str]) -> None:
        self._app = app
        self._headers = headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, send_with_headers)


def _listen(port: int) -> socket.socket:
    if not 0 <= port <= _LAST_PORT:
        raise ValueError(f"{port} is no port number: it goes from 0 to {_LAST_PORT}.")
    try:
        listening = socket.create_server((HOST, port))
    except OSError as error:
        reason = os.strerror(error.errno or 0)  # the error's own text repeats the address
        raise ValueError(f"Port {port} of {HOST} can't be used: {reason}.") from error
    # What is accepted inherits it. asyncio sets it only where the socket names its protocol, which this one doesn't;
    # without it a reply of two writes takes 40 ms (measured).
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listening


async def _turns() -> None:
    for _ in range(_TURNS):
        await anyio.lowlevel.checkpoint()
