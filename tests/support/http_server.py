"""``serve --http`` as a real process, and an upstream over HTTP for it."""

import errno
import json
import re
import select
import socket
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass

import anyio
import anyio.lowlevel
import httpx
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from tests.support.ports import site_of
from tests.support.process import (
    LONGEST_SECONDS,
    SERVE,
    Process,
    beside_the_loop,
    clean_environment,
    initialize,
    running,
)
from tests.support.upstream import PREFIX, FakeUpstream

STARTS_WITHIN_SECONDS = 60.0
"""On a machine that has much else to do."""
SERVE_HTTP = (*SERVE, "serve", "--http", "--port", "0")
HEADERS = {"Accept": "application/json, text/event-stream", "Content-Type": "application/json"}


@dataclass
class HttpServer:
    """A process that serves, and its address without a path."""

    process: Process
    origin: str

    @property
    def url(self) -> str:
        return f"{self.origin}/mcp"


@contextmanager
def http_process(*options: str, command: Sequence[str] = SERVE_HTTP, **settings: str) -> Iterator[HttpServer]:
    """Serve on a free port of this machine while the body runs."""
    with running(*options, command=command, environment=clean_environment(**settings)) as process:
        said = first_line(process)
        found = re.search(r"(http://\S+)/mcp", said)
        assert found, said
        yield HttpServer(process, found[1])
        process.popen.terminate()
        process.popen.wait(LONGEST_SECONDS)


@asynccontextmanager
async def http_server(*options: str, command: Sequence[str] = SERVE_HTTP, **settings: str) -> AsyncIterator[HttpServer]:
    """The same in a test that has an event loop."""
    async with beside_the_loop(http_process(*options, command=command, **settings)) as server:
        yield server


def first_line(process: Process) -> str:
    """What a server says when it is about to serve."""
    stderr = process.popen.stderr
    assert stderr is not None
    ready, _, _ = select.select([stderr], [], [], STARTS_WITHIN_SECONDS)
    assert ready, "the server did not start"
    return stderr.readline().decode()


def metrics_url(server: HttpServer) -> str:
    """Where its metrics are; the process says so after its own address."""
    stderr = server.process.popen.stderr
    assert stderr is not None
    found = re.fullmatch(r"Serving metrics at (http://127\.0\.0\.1:\d+/metrics)\n", stderr.readline().decode())
    assert found
    return found[1]


@asynccontextmanager
async def upstream_over_http(upstream: FakeUpstream) -> AsyncIterator[str]:
    """The base URL of this upstream, for another process."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        asked = httpx.Request(
            request.method, str(request.url), headers=request.headers.raw, content=await request.body()
        )
        answer = await upstream.handle(asked)
        response = Response(answer.content, answer.status_code)
        response.raw_headers += [
            (name.lower(), value) for name, value in answer.headers.raw if name.lower() != b"content-length"
        ]
        await response(scope, receive, send)

    async with site_of(app) as origin:
        yield origin + PREFIX


@asynccontextmanager
async def listening(url: str) -> AsyncIterator[httpx.Response]:
    """A stream of 2025-11-25 that a client holds open to hear what the server may say."""
    async with httpx.AsyncClient(trust_env=False, timeout=LONGEST_SECONDS, headers=HEADERS) as client:
        begun = await client.post(url, content=json.dumps(initialize()))
        session = {"Mcp-Session-Id": begun.headers["Mcp-Session-Id"], "MCP-Protocol-Version": "2025-11-25"}
        async with client.stream("GET", url, headers=session) as stream:
            yield stream


async def until_deaf(server: HttpServer) -> None:
    """Wait until the server takes no more connections."""
    port, hears = int(server.origin.rpartition(":")[2]), True
    with anyio.fail_after(LONGEST_SECONDS):
        while hears:
            await anyio.lowlevel.checkpoint()
            with socket.socket() as probe:
                probe.settimeout(0.1)  # as the port closes, a request to connect may be lost for a second
                hears = probe.connect_ex(("127.0.0.1", port)) != errno.ECONNREFUSED
