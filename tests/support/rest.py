"""The REST client in a test, on a fake upstream or a real listener, without the sessions above it."""

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio
import httpx
from anyio.abc import ByteStream, SocketAttribute
from anyio.streams.tls import TLSListener
from rememberizer_mcp.server.api.budget import budget
from rememberizer_mcp.server.api.client import RememberizerAPI, Reply, Transport
from rememberizer_mcp.server.api.credentials import Credentials
from rememberizer_mcp.server.api.endpoints import Call, Endpoint, Takes

from tests.support.clock import FakeClock
from tests.support.credentials import nobody
from tests.support.upstream import BASE_URL, Answer, FakeUpstream

GET = Endpoint("GET", "me/", Takes.ACCOUNT).call()
POST = Endpoint("POST", "me/", Takes.ACCOUNT).call({"password": "canary"})
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"


class Parts(httpx.AsyncByteStream):
    """A body that comes in these parts, and then, if asked, never ends."""

    def __init__(self, *parts: bytes, endless: bool = False) -> None:
        self.parts = parts
        self.endless = endless

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for part in self.parts:
            yield part
        if self.endless:
            await anyio.Event().wait()


def client(upstream: FakeUpstream | Transport, clock: FakeClock | None = None) -> RememberizerAPI:
    clock = clock or FakeClock()
    transport = upstream.transport if isinstance(upstream, FakeUpstream) else upstream
    return RememberizerAPI(base_url=BASE_URL, transport=transport, sleep=clock.sleep, now=clock)


def api_of(answer: Answer | list[Answer], *, clock: FakeClock | None = None) -> tuple[RememberizerAPI, FakeUpstream]:
    """A client whose calls to ``me/`` get these answers."""
    upstream = FakeUpstream({"me/": answer})
    return client(upstream, clock), upstream


async def send(api: RememberizerAPI, call: Call = GET, *, who: Credentials | None = None, seconds: float = 5) -> Reply:
    with anyio.fail_after(10):
        with budget(seconds):
            return await api.send(call, who or nobody())


@asynccontextmanager
async def listening(answer: bytes, *, tls: ssl.SSLContext | None = None) -> AsyncIterator[tuple[int, list[bytes]]]:
    """A real server on loopback that sends these bytes whatever it is asked: its port, and what it was asked."""
    asked: list[bytes] = []

    async def handle(stream: ByteStream) -> None:
        async with stream:
            asked.append(await stream.receive())
            await stream.send(answer)

    listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
    async with listener, anyio.create_task_group() as tasks:
        if tls:
            tasks.start_soon(TLSListener(listener, tls, standard_compatible=False).serve, handle)
        else:
            tasks.start_soon(listener.serve, handle)
        yield listener.extra(SocketAttribute.local_port), asked  # noqa: S610 -- anyio's, not Django's
        tasks.cancel_scope.cancel()


@asynccontextmanager
async def real(base_url: str) -> AsyncIterator[RememberizerAPI]:
    """The client as it is in production, on the network."""
    api = RememberizerAPI(base_url=base_url, sleep=FakeClock().sleep)
    try:
        yield api
    finally:
        await api.aclose()
