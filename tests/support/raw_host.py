"""A host that speaks in raw lines, to a server in this process or to a real one."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import anyio.to_thread
from mcp.server.mcpserver import MCPServer

from tests.support.conversation import conversation
from tests.support.process import SERVE, running


@dataclass
class RawHost:
    """What is sent to a server and received from it."""

    write: Callable[[bytes], object]
    line: Callable[[], Awaitable[bytes]]
    heard: int = 0
    """How many lines were received."""

    def send(self, message: Mapping[str, Any]) -> None:
        self.write(json.dumps(message).encode() + b"\n")

    async def receive(self) -> dict[str, Any]:
        message: dict[str, Any] = json.loads(await self.line())
        self.heard += 1
        return message

    async def ask(self, message: Mapping[str, Any]) -> dict[str, Any]:
        """Send a request and take its answer."""
        self.send(message)
        answer = await self.receive()
        assert answer["id"] == message["id"]
        return answer


@asynccontextmanager
async def on_server(server: MCPServer[Any]) -> AsyncIterator[RawHost]:
    """Speak to a server in this process, over the SDK's own stdio transport; it has nothing more to say at the end."""
    async with conversation(server) as talk:
        yield RawHost(talk.send, talk.line)


@asynccontextmanager
async def on_process(
    *arguments: str, command: Sequence[str] = SERVE, environment: Mapping[str, str]
) -> AsyncIterator[RawHost]:
    """Speak to our command as a process, which ends well and has nothing more to say."""
    in_thread = anyio.to_thread.run_sync
    with running(*arguments, command=command, environment=environment) as process:
        yield RawHost(process.stdin.write, partial(in_thread, process.line))
        _, code, rest, _ = await in_thread(process.end_input)
    assert (code, rest) == (0, b"")
