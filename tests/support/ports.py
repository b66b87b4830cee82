"""Web servers of ours on a loopback port, and connections to them that ask nothing."""

import socket
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager

import anyio
import anyio.abc
import anyio.lowlevel
from rememberizer_mcp.server.loopback import HOST, Connections, LoopbackServer, serving
from starlette.types import ASGIApp

ASK = b"GET / HTTP/1.1\r\nHost: none\r\n\r\n"
Port = tuple[str, int]


def free_port() -> int:
    """One that nobody has now."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
        return port


@asynccontextmanager
async def port_with(app: ASGIApp, connections: Connections | None = None) -> AsyncIterator[Port]:
    """Serve an application while the body runs."""
    server = LoopbackServer(app, connections=connections or Connections(most=99))
    with anyio.fail_after(20):
        async with serving(server):
            yield HOST, server.port


@asynccontextmanager
async def site_of(app: ASGIApp, *, port: int = 0) -> AsyncIterator[str]:
    """The same for a browser, as slow as it may be; gives the origin. Port 0 is a free one."""
    server = LoopbackServer(app, connections=Connections(most=99), port=port)
    async with serving(server):
        yield server.origin


@asynccontextmanager
async def idle(port: Port, count: int) -> AsyncIterator[list[socket.socket]]:
    """So many connections on which nothing is sent."""
    with ExitStack() as stack:
        clients = []
        for _ in range(count):
            client = stack.enter_context(socket.socket())
            client.setblocking(False)
            client.connect_ex(port)
            clients.append(client)
            await anyio.lowlevel.checkpoint()  # the port may be served by this very loop
        yield clients


async def asked(client: anyio.abc.SocketStream) -> bytes:
    """What a server answers, once its body has begun."""
    await client.send(ASK)
    answer = b""
    while not answer.partition(b"\r\n\r\n")[2]:
        answer += await client.receive()
    return answer


async def ends(client: socket.socket) -> bool:
    """Whether the other side has cut the connection, as soon as it does."""
    await anyio.wait_readable(client)
    return client.recv(1) == b""
