"""The server as a real process, spoken to byte by byte."""

import json
import os
import select
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager
from typing import IO, Any, TypeVar

from anyio import to_thread

T = TypeVar("T")

SERVE = (sys.executable, "-m", "rememberizer_mcp.server")
ENVELOPE = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientInfo": {"name": "test", "version": "1"},
    "io.modelcontextprotocol/clientCapabilities": {},
}
LONGEST_SECONDS = 20.0
SHORTEST_WAIT_SECONDS = 5.0
"""A process that ended sooner waited for none of what it could wait for: each of those lasts at least as long.

How long its own timers let it tidy up is another matter, and less than a second: a busy machine takes longer for the
rest.
"""


def modern(number: int, method: str, **params: Any) -> dict[str, Any]:
    """A 2026-07-28 request."""
    return {"jsonrpc": "2.0", "id": number, "method": method, "params": {"_meta": ENVELOPE, **params}}


def initialize(number: int = 0) -> dict[str, Any]:
    """The first request of the 2025-11-25 handshake."""
    params = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}}
    return {"jsonrpc": "2.0", "id": number, "method": "initialize", "params": params}


def legacy(number: int, method: str, **params: Any) -> dict[str, Any]:
    """A 2025-11-25 request, after the handshake."""
    return {"jsonrpc": "2.0", "id": number, "method": method, "params": params}


def clean_environment(**settings: str) -> dict[str, str]:
    """This process's environment with these settings and no other of ours."""
    kept = {name: value for name, value in os.environ.items() if not name.upper().startswith("REMEMBERIZER_")}
    return kept | {f"REMEMBERIZER_{name}": value for name, value in settings.items()}


class Process:
    """A running server; every line that it wrote to stdout is kept."""

    def __init__(self, popen: "subprocess.Popen[bytes]") -> None:
        self.popen = popen
        self.lines: list[bytes] = []

    @property
    def stdin(self) -> IO[bytes]:
        assert self.popen.stdin is not None
        return self.popen.stdin

    def send(self, *messages: Mapping[str, Any]) -> None:
        for message in messages:
            self.stdin.write(json.dumps(message).encode() + b"\n")
        self.stdin.flush()

    def line(self) -> bytes:
        """The next line of stdout."""
        assert self.popen.stdout is not None
        ready, _, _ = select.select([self.popen.stdout], [], [], LONGEST_SECONDS)
        assert ready, "the server did not answer"
        line = self.popen.stdout.readline()
        self.lines.append(line)
        return line

    def receive(self) -> dict[str, Any]:
        """The next line of stdout, as JSON."""
        message: dict[str, Any] = json.loads(self.line())
        return message

    def ask(self, message: Mapping[str, Any]) -> dict[str, Any]:
        """Send a request and take its answer."""
        self.send(message)
        answer = self.receive()
        assert answer["id"] == message["id"]
        return answer

    def finish(self) -> tuple[float, int, bytes, bytes]:
        """Wait for the end: seconds since now, exit code, the rest of stdout, and stderr."""
        begun = time.perf_counter()
        code = self.popen.wait(timeout=LONGEST_SECONDS)
        took = time.perf_counter() - begun
        assert self.popen.stdout is not None
        assert self.popen.stderr is not None
        return took, code, self.popen.stdout.read(), self.popen.stderr.read()

    def end_input(self) -> tuple[float, int, bytes, bytes]:
        """Close stdin, as a host does."""
        self.stdin.close()
        return self.finish()


@contextmanager
def running(
    *arguments: str, command: Sequence[str] = SERVE, environment: Mapping[str, str] | None = None
) -> Iterator[Process]:
    """Start a server and make sure that it ends."""
    popen = subprocess.Popen(
        [*command, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        bufsize=0,
        env=environment if environment is not None else clean_environment(),
    )
    try:
        yield Process(popen)
    finally:
        popen.kill()
        popen.wait(timeout=LONGEST_SECONDS)
        for stream in (popen.stdin, popen.stdout, popen.stderr):
            assert stream is not None
            stream.close()


@asynccontextmanager
async def beside_the_loop(manager: AbstractContextManager[T]) -> AsyncIterator[T]:
    """Enter and leave it in a thread, so that an event loop waits for no process."""
    entered = await to_thread.run_sync(manager.__enter__)
    try:
        yield entered
    finally:
        await to_thread.run_sync(manager.__exit__, None, None, None)
