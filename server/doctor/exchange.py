"""``exchange``: the first minute of a host with a server, over stdio, and the end of all that the server started."""

import errno
import json
import os
import signal
import subprocess
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal

import anyio
from anyio.abc import Process
from anyio.streams.buffered import BufferedByteReceiveStream

from .. import __version__

Era = Literal["2026-07-28", "2025-11-25"]
MODERN: Era = "2026-07-28"
LEGACY: Era = "2025-11-25"
PATIENCE_SECONDS = 2.0
"""How long a server has to end after the end of its input."""
LAST_WORDS_SECONDS = 0.5
LONGEST_LINE_BYTES = 2_000_000
MOST_LINES = 1_000
MOST_ERROR_BYTES = 65_536
_CLIENT = {"name": "rememberizer-mcp doctor", "version": __version__}
_ENVELOPE = {
    "io.modelcontextprotocol/protocolVersion": MODERN,
    "io.modelcontextprotocol/clientInfo": _CLIENT,
    "io.modelcontextprotocol/clientCapabilities": {},
}


class Fault(StrEnum):
    """Why there was no conversation with a command."""

    MISSING = "missing"
    NOT_STARTED = "not started"  # there is no right to, or the file is no program
    NO_TEXT = "no text"  # a NUL character or half a surrogate pair stands in it, or `=` in a variable's name
    ENDED = "ended"
    SILENT = "silent"
    NOISE = "noise"  # something on stdout is no line of the protocol
    ERROR = "error"  # a part of the handshake was answered with one


@dataclass(kw_only=True)
class Exchange:
    """What came of an exchange."""

    fault: Fault | None = None
    server: str = ""
    """The server's name and version, as it says."""
    tools: int = 0
    ms: dict[str, float] = field(default_factory=dict)
    """Until the first answer, the tools, the answer to a call; and from the end of input to the server's own."""
    code: int | None = None
    """The exit code, if the server ended by itself."""
    noise: bytes = b""
    """What it wrote to stdout outside of the protocol."""
    stderr: bytes = b""


async def exchange(
    command: Sequence[str], era: Era, *, environ: Mapping[str, str], folder: str | None, limit_seconds: float
) -> Exchange:
    """Start a server, shake hands, list the tools, call one that needs no network, and end the input.

    The limit is for the time until the last answer. The era is the version of the protocol.
    """
    seen = Exchange(fault=Fault.SILENT)
    try:
        async with running(command, environ=environ, folder=folder, talks=True) as process:
            peer = _Peer(process)
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(peer.read_errors)
                with anyio.move_on_after(limit_seconds):
                    try:
                        await _converse(peer, era, seen)
                    except _BrokenOff as broken:
                        seen.fault, seen.noise = broken.fault, broken.noise
                seen.code, seen.stderr = await peer.last_words()
                tasks.cancel_scope.cancel()
    except OSError as error:
        seen.fault = Fault.MISSING if error.errno in (errno.ENOENT, errno.ENOTDIR) else Fault.NOT_STARTED
    except ValueError:
        seen.fault = Fault.NO_TEXT
    return seen


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


async def _converse(peer: "_Peer", era: Era, seen: Exchange) -> None:
    begun = time.perf_counter()

    async def answer(number: int, method: str, /, **params: Any) -> dict[str, Any]:
        meta = {"_meta": _ENVELOPE} if era == MODERN else {}
        message = await peer.ask({"jsonrpc": "2.0", "id": number, "method": method, "params": meta | params})
        seen.ms[("first", "tools", "call")[number - 1]] = (time.perf_counter() - begun) * 1000
        return message

    if era == MODERN:
        first = await answer(1, "server/discover")
    else:
        first = await answer(1, "initialize", protocolVersion=LEGACY, capabilities={}, clientInfo=_CLIENT)
    seen.server = _name(_result(first))
    if era == LEGACY:
        await peer.send({"jsonrpc": "2.0", "method": "notifications/initialized"})
    tools = _result(await answer(2, "tools/list")).get("tools")
    seen.tools = len(tools) if isinstance(tools, list) else 0
    await answer(3, "tools/call", name="session_status", arguments={})
    seen.fault, begun = None, time.perf_counter()
    with anyio.move_on_after(PATIENCE_SECONDS):
        await peer.end_input()
        seen.ms["end"] = (time.perf_counter() - begun) * 1000


def _result(answer: Mapping[str, Any]) -> dict[str, Any]:
    result = answer.get("result")
    if not isinstance(result, dict):
        raise _BrokenOff(Fault.ERROR)
    return result


def _name(result: Mapping[str, Any]) -> str:
    """The server's name: in the older version it stands in the result, in the newer one in the result's ``_meta``."""
    meta = result.get("_meta")
    inside = meta.get("io.modelcontextprotocol/serverInfo") if isinstance(meta, dict) else None
    info = result.get("serverInfo", inside)
    return f"{info.get('name', '')} {info.get('version', '')}".strip() if isinstance(info, dict) else ""


class _BrokenOff(Exception):
    """The conversation ended early; ``noise`` is what the command wrote outside of the protocol."""

    def __init__(self, fault: Fault, noise: bytes = b"") -> None:
        super().__init__(fault)
        self.fault, self.noise = fault, noise[:MOST_ERROR_BYTES]


class _Peer:
    """A running command that speaks JSON-RPC, a message to a line; what doesn't raises ``_BrokenOff``."""

    def __init__(self, process: Process) -> None:
        assert process.stdin and process.stdout and process.stderr  # noqa: S101, PT018 -- for the type checker
        self._process, self._stdin, self._stderr = process, process.stdin, process.stderr
        self._stdout = BufferedByteReceiveStream(process.stdout)
        self._errors = b""
        self._errors_ended = anyio.Event()

    async def ask(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Send a request and return its answer; other messages of the protocol are passed over."""
        await self.send(request)
        for _ in range(MOST_LINES):
            message = await self._receive()
            if message.get("id") == request["id"] and "method" not in message:
                return message
        raise _BrokenOff(Fault.NOISE)

    async def send(self, message: Mapping[str, Any]) -> None:
        """Send a request or a notification; a command that reads no longer may still have written why."""
        with suppress(anyio.BrokenResourceError, OSError):
            await self._stdin.send(json.dumps(message).encode() + b"\n")

    async def end_input(self) -> None:
        """Close the command's stdin, read to the end of its stdout, and wait until it has ended."""
        await self._stdin.aclose()
        try:
            while True:
                await self._receive()
        except _BrokenOff as broken:
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

    async def read_errors(self) -> None:
        """Keep the end of what the command writes to stderr, so that it never waits for a reader."""
        async for chunk in self._stderr:
            self._errors = (self._errors + chunk)[-MOST_ERROR_BYTES - 1 :]
        self._errors_ended.set()

    async def _receive(self) -> dict[str, Any]:
        try:
            line = await self._stdout.receive_until(b"\n", LONGEST_LINE_BYTES)
            message = json.loads(line)
        except (anyio.DelimiterNotFound, anyio.IncompleteRead, anyio.BrokenResourceError) as error:
            ended = not isinstance(error, anyio.DelimiterNotFound) and not self._stdout.buffer
            raise _BrokenOff(Fault.ENDED if ended else Fault.NOISE, self._stdout.buffer) from None
        except (ValueError, RecursionError):
            raise _BrokenOff(Fault.NOISE, line) from None
        if not isinstance(message, dict) or message.get("jsonrpc") != "2.0":
            raise _BrokenOff(Fault.NOISE, line)
        return message
