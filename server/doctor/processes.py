"""Commands that the doctor starts: the lines that they write, and their end with all that they started."""

import json
import os
import signal
import subprocess
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from enum import StrEnum
from typing import Any

import anyio
from anyio.abc import ByteReceiveStream, Process
from anyio.streams.buffered import BufferedByteReceiveStream

LONGEST_LINE_BYTES = 2_000_000
MOST_LINES = 1_000
MOST_ERROR_BYTES = 65_536
LAST_WORDS_SECONDS = 0.5


class Fault(StrEnum):
    """Why there was no conversation with a command."""

    MISSING = "missing"
    NOT_STARTED = "not started"  # there is no right to, or the file is no program
    NO_TEXT = "no text"  # a NUL character or half a surrogate pair stands in it, or `=` in a variable's name
    ENDED = "ended"
    SILENT = "silent"
    NOISE = "noise"  # something on stdout is no line of the protocol
    ERROR = "error"  # a part of the handshake was answered with one


class BrokenOff(Exception):
    """The conversation ended early; ``noise`` is what the command wrote outside of the protocol."""

    def __init__(self, fault: Fault, noise: bytes = b"") -> None:
        super().__init__(fault)
        self.fault = fault
        self.noise = noise[:MOST_ERROR_BYTES]


@asynccontextmanager
async def running(
    command: Sequence[str], *, environ: Mapping[str, str], folder: str | None = None, talks: bool = False
) -> AsyncIterator[Process]:
    """Start a command, and end it with all that it started in turn when the block ends.

    Of these, a process with a session of its own (``setsid``) survives; so does each on Windows. The program is looked
    up on the PATH of its own environment. Only a command that ``talks`` has pipes for stdin and stderr.

    Raises:
        OSError: The system does not start it.
        ValueError: No program can have such arguments or variables.
    """
    other = subprocess.PIPE if talks else subprocess.DEVNULL
    process = await anyio.open_process(
        list(command), env=environ, cwd=folder, stdin=other, stderr=other, start_new_session=os.name == "posix"
    )
    try:
        yield process
    finally:
        with anyio.CancelScope(shield=True):
            kill = getattr(os, "killpg", None)
            with suppress(ProcessLookupError, PermissionError):
                kill(process.pid, signal.SIGKILL) if kill else process.kill()
            await process.aclose()


class Peer:
    """A running command that speaks JSON-RPC, a message to a line."""

    def __init__(self, process: Process) -> None:
        assert process.stdin and process.stdout  # noqa: S101, PT018 -- for the type checker
        self._process = process
        self._stdin = process.stdin
        self._stdout = BufferedByteReceiveStream(process.stdout)
        self._errors = b""
        self._errors_ended = anyio.Event()

    async def ask(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Send a request and return its answer; other messages of the protocol are passed over.

        Raises:
            BrokenOff: The command ended, or wrote something else than the protocol, or far too much.
        """
        await self.send(request)
        for _ in range(MOST_LINES):
            message = await self._receive()
            if message.get("id") == request["id"] and "method" not in message:
                return message
        raise BrokenOff(Fault.NOISE)

    async def send(self, message: Mapping[str, Any]) -> None:
        """Send a request or a notification; a command that reads no longer may still have written why."""
        with suppress(anyio.BrokenResourceError, OSError):
            await self._stdin.send(json.dumps(message).encode() + b"\n")

    async def end_input(self) -> None:
        """Close the command's stdin, read to the end of its stdout, and wait until it has ended.

        Raises:
            BrokenOff: The command wrote something else than the protocol.
        """
        await self._stdin.aclose()
        try:
            while True:
                await self._receive()
        except BrokenOff as broken:
            if broken.fault is not Fault.ENDED:
                raise
        await self._process.wait()

    async def last_words(self) -> tuple[int | None, bytes]:
        """The exit code, if the command ends by itself in a moment, and the end of what it wrote to stderr."""
        with anyio.move_on_after(LAST_WORDS_SECONDS):
            await self._process.wait()
            await self._errors_ended.wait()
        cut = self._errors[-MOST_ERROR_BYTES:]
        return self._process.returncode, cut if cut == self._errors else cut.partition(b"\n")[2]

    async def read_errors(self, stderr: ByteReceiveStream) -> None:
        """Keep the end of what the command writes to stderr, so that it never waits for a reader."""
        async for chunk in stderr:
            self._errors = (self._errors + chunk)[-MOST_ERROR_BYTES - 1 :]
        self._errors_ended.set()

    async def _receive(self) -> dict[str, Any]:
        try:
            line = await self._stdout.receive_until(b"\n", LONGEST_LINE_BYTES)
            message = json.loads(line)
        except (anyio.DelimiterNotFound, anyio.IncompleteRead, anyio.BrokenResourceError) as error:
            ended = not isinstance(error, anyio.DelimiterNotFound) and not self._stdout.buffer
            raise BrokenOff(Fault.ENDED if ended else Fault.NOISE, self._stdout.buffer) from None
        except (ValueError, RecursionError):
            raise BrokenOff(Fault.NOISE, line) from None
        if not isinstance(message, dict) or message.get("jsonrpc") != "2.0":
            raise BrokenOff(Fault.NOISE, line)
        return message
