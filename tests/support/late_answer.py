"""A web server that is told to end, also while it still owes an answer."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Protocol

import anyio
import anyio.lowlevel
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

TURNS = 50
"""Of the event loop, in which a server that owes nothing has long ended."""


class Ending(Protocol):
    """A server."""

    def end(self) -> None: ...


@asynccontextmanager
async def until_it_ends(serve: Callable[[], Awaitable[object]]) -> AsyncIterator[anyio.Event]:
    """Serve beside the block, which gets what is set at the end of that."""
    ended = anyio.Event()

    async def run() -> None:
        await serve()
        ended.set()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(run)
        yield ended


async def some_turns() -> None:
    for _ in range(TURNS):
        await anyio.lowlevel.checkpoint()


class LateAnswer:
    """An application that answers when it is released."""

    def __init__(self) -> None:
        self.asked = anyio.Event()
        self.released = anyio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.asked.set()
        await self.released.wait()
        await PlainTextResponse("late")(scope, receive, send)

    async def is_asked(self, port: int, server: Ending, ended: anyio.Event) -> bytes:
        """Ask, tell the server to end, see that it waits, release the answer, and read it."""
        async with await anyio.connect_tcp("127.0.0.1", port) as browser:
            await browser.send(b"GET / HTTP/1.1\r\nHost: none\r\n\r\n")
            await self.asked.wait()
            server.end()
            await some_turns()
            assert not ended.is_set()
            self.released.set()
            answer = b""
            async for part in browser:
                answer += part
        return answer
