"""Clients that ask a server over HTTP, each on a connection of its own and one thing after the other."""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from itertools import count
from typing import Any

import anyio
import anyio.abc
from anyio.streams.buffered import BufferedByteReceiveStream

from tests.benchmarks.exchange import Era
from tests.support.process import initialize, legacy, modern

LONGEST_HEAD, LONGEST_BODY = 65_536, 2**20
LONGEST_SECONDS = 60.0


class HttpClient:
    """One client, in one protocol era. A failed request ends the benchmark."""

    def __init__(self, stream: anyio.abc.SocketStream, *, port: int, token: str) -> None:
        self._stream = stream
        self._received = BufferedByteReceiveStream(stream)
        self._numbers = count(1)
        self._is_modern = False
        self._headers = {
            "Host": f"127.0.0.1:{port}",
            "Accept": "application/json, text/event-stream",
            "Content-Type": "application/json",
        }
        self.show(token)

    def show(self, token: str) -> None:
        """Ask with this token from now on."""
        self._headers["Authorization"] = f"Bearer {token}"

    async def begin(self, era: Era) -> None:
        """Shake hands, where the era has that."""
        self._headers["MCP-Protocol-Version"] = era
        if era == "2026-07-28":
            self._is_modern = True
            return
        headers, _ = await self._post(initialize())
        self._headers["Mcp-Session-Id"] = headers["mcp-session-id"]
        await self._post({"jsonrpc": "2.0", "method": "notifications/initialized"})

    async def call(self, tool: str, **arguments: Any) -> None:
        """Call a tool, which has to succeed."""
        names = {"Mcp-Method": "tools/call", "Mcp-Name": tool} if self._is_modern else {}
        request = modern if self._is_modern else legacy
        message = request(next(self._numbers), "tools/call", name=tool, arguments=arguments)
        _, body = await self._post(message, names)
        answer = json.loads(body[body.index(b"{") : body.rindex(b"}") + 1])
        assert not answer["result"].get("isError"), answer

    async def _post(
        self, message: Mapping[str, Any], more: Mapping[str, str] | None = None
    ) -> tuple[Mapping[str, str], bytes]:
        """The answer's headers, in lower case, and its body, with whatever is around its chunks and events."""
        body = json.dumps(message).encode()
        sent = {**self._headers, **(more or {}), "Content-Length": str(len(body))}
        lines = ["POST /mcp HTTP/1.1", *(f"{name}: {value}" for name, value in sent.items()), "", ""]
        await self._stream.send("\r\n".join(lines).encode() + body)
        status, *shown = (await self._received.receive_until(b"\r\n\r\n", LONGEST_HEAD)).decode().split("\r\n")
        assert status.split()[1] in ("200", "202"), status
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in shown)}
        if "content-length" in headers:
            return headers, await self._received.receive_exactly(int(headers["content-length"]))
        return headers, await self._received.receive_until(b"\r\n0\r\n\r\n", LONGEST_BODY)


@asynccontextmanager
async def clients(tokens: Sequence[str], *, port: int, era: Era) -> AsyncIterator[list[HttpClient]]:
    """A client for each token, at this port of this machine."""
    async with AsyncExitStack() as stack:
        found = []
        for token in tokens:
            connection = await stack.enter_async_context(await anyio.connect_tcp("127.0.0.1", port))
            client = HttpClient(connection, port=port, token=token)
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
