"""Clients that ask a server over HTTP, each on a connection of its own and one thing after the other."""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from http import HTTPStatus
from itertools import count
from typing import Any, NamedTuple

import anyio
import anyio.abc
from anyio.streams.buffered import BufferedByteReceiveStream

from tests.benchmarks.exchange import Era
from tests.support.process import initialize, legacy, modern

LONGEST_HEAD = 65_536
LONGEST_SECONDS = 60.0


class Refused(Exception):
    """The answer is no success; ``status`` is that of HTTP."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class Answered(NamedTuple):
    """A success: its headers, with names in lower case, and its body."""

    headers: Mapping[str, str]
    body: bytes

    @property
    def result(self) -> Mapping[str, Any]:
        """What a call gave; the body is JSON or one event."""
        found: Mapping[str, Any] = json.loads(self.body[self.body.index(b"{") : self.body.rindex(b"}") + 1])["result"]
        return found


class HttpClient:
    """One client, in one protocol era. ``host`` is how the server is named."""

    def __init__(self, stream: anyio.abc.ByteStream, *, host: str, token: str) -> None:
        self._stream = stream
        self._received = BufferedByteReceiveStream(stream)
        self._numbers = count(1)
        self._is_modern = False
        self._headers = {
            "Host": host,
            "Accept": "application/json, text/event-stream",
            "Content-Type": "application/json",
        }
        self.show(token)

    def show(self, token: str) -> None:
        """Ask with this token from now on."""
        self._headers["Authorization"] = f"Bearer {token}"

    async def begin(self, era: Era) -> None:
        """Shake hands, where the era has that. A server without sessions of 2025-11-25 names none."""
        self._headers["MCP-Protocol-Version"] = era
        if era == "2026-07-28":
            self._is_modern = True
            return
        begun = await self._post(initialize())
        if "mcp-session-id" in begun.headers:
            self._headers["Mcp-Session-Id"] = begun.headers["mcp-session-id"]
        await self._post({"jsonrpc": "2.0", "method": "notifications/initialized"})

    async def ask(self, tool: str, **arguments: Any) -> Answered:
        """Call a tool; what it gives may say that it failed."""
        names = {"Mcp-Method": "tools/call", "Mcp-Name": tool} if self._is_modern else {}
        request = modern if self._is_modern else legacy
        return await self._post(request(next(self._numbers), "tools/call", name=tool, arguments=arguments), names)

    async def call(self, tool: str, **arguments: Any) -> None:
        """Call a tool, which has to succeed: a failed call ends the benchmark."""
        answered = await self.ask(tool, **arguments)
        assert not answered.result.get("isError"), answered

    async def _post(self, message: Mapping[str, Any], more: Mapping[str, str] | None = None) -> Answered:
        body = json.dumps(message).encode()
        sent = {**self._headers, **(more or {}), "Content-Length": str(len(body))}
        lines = ["POST /mcp HTTP/1.1", *(f"{name}: {value}" for name, value in sent.items()), "", ""]
        await self._stream.send("\r\n".join(lines).encode() + body)
        status, *shown = (await self._received.receive_until(b"\r\n\r\n", LONGEST_HEAD)).decode().split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in shown)}
        if "content-length" in headers:
            given = await self._received.receive_exactly(int(headers["content-length"]))
        else:
            given = b"".join([chunk async for chunk in self._chunks()])
        if (code := int(status.split()[1])) not in (HTTPStatus.OK, HTTPStatus.ACCEPTED):
            raise Refused(code)
        return Answered(headers, given)

    async def _chunks(self) -> AsyncIterator[bytes]:
        while size := int(await self._received.receive_until(b"\r\n", LONGEST_HEAD), 16):
            yield await self._received.receive_exactly(size)
            await self._received.receive_exactly(2)
        await self._received.receive_exactly(2)


@asynccontextmanager
async def clients(tokens: Sequence[str], *, port: int, era: Era) -> AsyncIterator[list[HttpClient]]:
    """A client for each token, at this port of this machine."""
    async with AsyncExitStack() as stack:
        found = []
        for token in tokens:
            connection = await stack.enter_async_context(await anyio.connect_tcp("127.0.0.1", port))
            client = HttpClient(connection, host=f"127.0.0.1:{port}", token=token)
            await client.begin(era)
            found.append(client)
        yield found


async def ask(asking: Sequence[HttpClient], calls: int, tool: str, **arguments: Any) -> None:
    """All clients at once, until together they made so many calls."""

    async def one(client: HttpClient) -> None:
        for _ in range(calls // len(asking)):
            await client.call(tool, **arguments)

    with anyio.fail_after(LONGEST_SECONDS):
        async with anyio.create_task_group() as tasks:
            for client in asking:
                tasks.start_soon(one, client)
