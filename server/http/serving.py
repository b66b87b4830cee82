"""Serving over HTTP, and the end of it: what was asked is answered first."""

import gc
import logging
import os
import socket
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from functools import partial
from typing import Any, NoReturn

import anyio
import anyio.lowlevel
import click
import httpcore  # noqa: F401 -- httpx loads it for the first request to upstream: the first call then takes 60 ms more
import uvicorn
from mcp.server.mcpserver import MCPServer
from sse_starlette.sse import AppStatus

from ..clients import Clients
from ..logs.redaction import flush
from ..loopback import LoopbackServer, serving
from .app import METRICS_PATH, PATH, Answers, http_app

DRAIN_SECONDS = 25.0
"""How long the end waits for answers; supervisors commonly kill a process after 30 s."""
LAST_SECONDS = 2.0
"""How long a connection that is kept may bring one more request: a proxy can't tell one that closes from a failure."""
CUT_SECONDS = 1
"""How long it waits after that for connections to close."""
KEPT_SECONDS = 75
"""How long a connection is kept without a request: longer than proxies keep theirs, which may use it until then."""
_MOST_WAITING = 2_048
_LOOK_SECONDS = 0.05


class Unservable(Exception):
    """The address can't be had; the text says why."""


def serve(
    server: MCPServer[Any],
    *,
    host: str,
    port: int,
    clients: Clients,
    metrics: LoopbackServer | None = None,
) -> NoReturn:
    """Serve on this address until SIGTERM or SIGINT, answer what was asked, and end the process.

    The metrics can be read from the start until everybody has their answer.

    Raises:
        Unservable: The address can't be had.
    """
    listening = _listen(host, port)
    port = listening.getsockname()[1]
    AppStatus.enable_automatic_graceful_drain = False  # it would cut every answer of 2025-11-25 at the signal
    logging.getLogger("uvicorn.error").addFilter(_is_failure)
    gc.freeze()  # what the imports made lives as long as the process: looking through it took some call 80 ms
    gc.set_threshold(5_000)  # 700 looks at all sessions too often: the slowest of 10,000 logins took 84 ms, not 31
    click.echo(f"Serving MCP at http://{_in_url(host)}:{port}{PATH} (Ctrl-C ends it)", err=True)
    if metrics:
        click.echo(f"Serving metrics at {metrics.origin}{METRICS_PATH}", err=True)
    draining = DrainingServer(http_app(server, port=port, clients=clients))
    anyio.run(_serve, draining, listening, metrics)


async def _serve(server: uvicorn.Server, listening: socket.socket, metrics: LoopbackServer | None) -> NoReturn:
    async with serving(metrics) if metrics else nullcontext():
        await server.serve([listening])
    await anyio.lowlevel.checkpoint()  # after a cancellation CPython 3.11 loses trace events until the next one
    flush()
    os._exit(0 if server.started else 1)  # a thread that hangs holds up nothing


class DrainingServer(uvicorn.Server):
    """uvicorn with h11, which ends when everybody has their answer."""

    def __init__(self, app: Answers) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                http="h11",
                ws="none",
                lifespan="on",
                log_config=None,
                access_log=False,
                proxy_headers=False,
                server_header=False,
                timeout_keep_alive=KEPT_SECONDS,
                timeout_graceful_shutdown=CUT_SECONDS,
            )
        )
        self._answers = app

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop to listen, wait for the last requests and the answers, and then end the streams that are listened to."""
        self._answers.are_ending = True
        await self._stop_listening(sockets or ())
        last = anyio.current_time() + LAST_SECONDS
        with anyio.move_on_after(DRAIN_SECONDS):
            while self._answers.are_owed or (self.server_state.connections and anyio.current_time() < last):  # noqa: ASYNC110 -- uvicorn has no event for them
                await anyio.sleep(_LOOK_SECONDS)
        AppStatus.should_exit = True
        await super().shutdown(sockets)

    async def _stop_listening(self, sockets: Iterable[socket.socket]) -> None:
        """Take the connections that are there already before, or their requests would be lost."""
        taken = list[socket.socket]()
        for each in sockets:
            with suppress(OSError):  # there is none any longer
                while True:
                    taken.append(each.accept()[0])
        for server in self.servers:
            server.close()
        protocol = partial(
            self.config.http_protocol_class,  # type: ignore[call-arg]  # uvicorn says only that it is a protocol
            config=self.config,
            server_state=self.server_state,
            app_state=self.lifespan.state,
        )
        for each in taken:
            each.settimeout(0)
            await self.servers[0].get_loop().connect_accepted_socket(protocol, each)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Take the signals, and don't raise them again: a process that has answered everybody ends well."""
        with super().capture_signals():
            yield
            self._captured_signals.clear()


def _listen(host: str, port: int) -> socket.socket:
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listening = socket.create_server((host, port), family=family, backlog=_MOST_WAITING)
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else "no such address"
        raise Unservable(f"port {port} of {host} can't be used: {reason}") from error
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # else a reply of two writes takes 40 ms
    return listening


def _is_failure(record: logging.LogRecord) -> bool:
    """Whether it is more than one of uvicorn's warnings: of requests that can't be read, which anybody can send."""
    return record.levelno >= logging.ERROR


def _in_url(host: str) -> str:
    return f"[{host}]" if ":" in host else host
