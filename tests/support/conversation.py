"""A conversation with a server in this process, over the SDK's own stdio transport, byte by byte."""

import io
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import IO, Any

import anyio
from mcp.server.mcpserver import MCPServer
from mcp.server.stdio import stdio_server
from rememberizer_mcp.server.stdio.streams import Input

from tests.support.process import LONGEST_SECONDS


class Conversation:
    """What a host sends, and the lines that it gets."""

    def __init__(self, sink: IO[bytes], source: IO[bytes]) -> None:
        self._input = sink
        self._output = source

    def send(self, data: bytes) -> None:
        """Write to the server's input; it has to fit in a pipe."""
        self._input.write(data)
        self._input.flush()

    async def line(self) -> bytes:
        """The next line of the server's output."""
        with anyio.fail_after(LONGEST_SECONDS):
            return await anyio.to_thread.run_sync(self._output.readline)

    def end(self) -> None:
        """End the server's input."""
        self._input.close()

    async def rest(self) -> bytes:
        """What is left of the server's output when it has ended."""
        with anyio.fail_after(LONGEST_SECONDS), self._output:
            return await anyio.to_thread.run_sync(self._output.read)


def pipe() -> tuple[IO[bytes], IO[bytes]]:
    """Its ends, to read from and to write to."""
    source, sink = os.pipe()
    return os.fdopen(source, "rb"), os.fdopen(sink, "wb")


@asynccontextmanager
async def conversation(server: MCPServer[Any]) -> AsyncIterator[Conversation]:
    """Serve until the block ends."""
    (their_input, our_output), (our_input, their_output) = pipe(), pipe()
    talk = Conversation(our_output, our_input)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(serve, server, their_input, their_output)
        yield talk
        talk.end()
    assert await talk.rest() == b""


async def serve(server: MCPServer[Any], source: IO[bytes] | Input, sink: IO[bytes]) -> None:
    """Serve over these, to the end of the input."""
    low = server._lowlevel_server  # noqa: SLF001 -- the public way serves this process's own stdin and stdout
    stdin = io.TextIOWrapper(source, encoding="utf-8", errors="replace")
    stdout = io.TextIOWrapper(sink, encoding="utf-8")
    with stdin, stdout:
        async with stdio_server(anyio.wrap_file(stdin), anyio.wrap_file(stdout)) as (reading, writing):
            await low.run(reading, writing, low.create_initialization_options())
