"""``Spawned``: a command that was started as a host starts it, with its lines."""

import json
import subprocess
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

import anyio
from anyio.abc import ByteReceiveStream, ByteSendStream, Process
from anyio.streams.buffered import BufferedByteReceiveStream

from .processes import HAS_GROUPS, kill_group

LONGEST_LINE_BYTES = 2_000_000
MOST_LINES = 1_000
MOST_ERROR_BYTES = 65_536
LAST_WORDS_SECONDS = 0.5


class Ended(Exception):
    """The command closed its stdout."""


class Noise(Exception):
    """It wrote something to stdout that is no line of the protocol."""

    def __init__(self, written: bytes) -> None:
        super().__init__()
        self.written = written[:MOST_ERROR_BYTES]


class Spawned:
    """A running command."""

    def __init__(self, process: Process, stdin: ByteSendStream, stdout: ByteReceiveStream) -> None:
        self._process = process
        self._stdin = stdin
        self._stdout = BufferedByteReceiveStream(stdout)
        self._errors = b""
        self._error_ended = anyio.Event()

    async def ask(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Send a request and take its answer; what else comes in between is of the protocol, and left alone.

        Raises:
            Ended: There is no answer, because nothing more can come.
            Noise: Something else came than the protocol, or far too much.
        """
        await self.send(request)
        for _ in range(MOST_LINES):
            message = await self._receive()
            if message.get("id") == request["id"] and "method" not in message:
                return message
        raise Noise(b"")

    async def send(self, message: Mapping[str, Any]) -> None:
        """Send a request or a notification; one that reads no longer may still have said why."""
        with suppress(anyio.BrokenResourceError, OSError):
            await self._stdin.send(json.dumps(message).encode() + b"\n")

    async def end_input(self) -> None:
        """Close its stdin, read to the end, and wait until it has ended.

        Raises:
            Noise: As ``ask``.
        """
        await self._stdin.aclose()
        with suppress(Ended):
            while True:
                await self._receive()
        await self._process.wait()

    async def last_words(self) -> tuple[int | None, bytes]:
        """Its exit code, if it ends by itself in a moment, and the end of what it wrote to stderr."""
        with anyio.move_on_after(LAST_WORDS_SECONDS):
            await self._process.wait()
            await self._error_ended.wait()
        cut = self._errors[-MOST_ERROR_BYTES:]
        return self._process.returncode, cut if cut == self._errors else cut.partition(b"\n")[2]

    async def read_errors(self, stderr: ByteReceiveStream) -> None:
        """Keep the end of what it writes there, so that it never waits for a reader."""
        async for chunk in stderr:
            self._errors = (self._errors + chunk)[-MOST_ERROR_BYTES - 1 :]
        self._error_ended.set()

    async def _receive(self) -> dict[str, Any]:
        try:
            line = await self._stdout.receive_until(b"\n", LONGEST_LINE_BYTES)
        except anyio.DelimiterNotFound:
            raise Noise(self._stdout.buffer) from None
        except (anyio.IncompleteRead, anyio.BrokenResourceError):
            if self._stdout.buffer:
                raise Noise(self._stdout.buffer) from None
            raise Ended from None
        try:
            message = json.loads(line)
        except (ValueError, RecursionError):
            raise Noise(line) from None
        if not isinstance(message, dict) or message.get("jsonrpc") != "2.0":
            raise Noise(line)
        return message


@asynccontextmanager
async def spawned(command: Sequence[str], *, environ: Mapping[str, str], folder: str | None) -> AsyncIterator[Spawned]:
    """Start a command; what it started in turn is ended with it, unless that began a session of its own.

    Args:
        command: Program and arguments.
        environ: All of its environment; the program is looked up on its PATH.
        folder: Where it starts.

    Raises:
        OSError: The system does not start it.
    """
    process = await anyio.open_process(
        list(command), env=environ, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        start_new_session=HAS_GROUPS,
    )  # fmt: skip
    try:
        assert process.stdin and process.stdout and process.stderr  # noqa: S101, PT018 -- for the type checker
        running = Spawned(process, process.stdin, process.stdout)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(running.read_errors, process.stderr)
            yield running
            tasks.cancel_scope.cancel()
    finally:
        with anyio.CancelScope(shield=True):
            kill_group(process)
            await process.aclose()
