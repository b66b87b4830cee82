"""Serving over stdio, and the end of it.

The SDK's thread that reads stdin can't be abandoned, and neither can a call that blocks a worker thread. So the end of
input, SIGTERM and SIGINT start a timer: whatever has not ended by then is ended with the process.

Behind a front (see ``front.py``), the SDK is first shown what the front answered and the rest depends on. Lines that
the SDK would leave unanswered don't reach it (see ``malformed.py``).
"""

import gc
import io
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from queue import SimpleQueue
from types import FrameType
from typing import Any, NoReturn

import anyio
from mcp.server.mcpserver import MCPServer

from ..logs.line_writer import LineWriter
from ..logs.redaction import flush
from .front import Front
from .malformed import about_lost, refusal

GRACE_SECONDS = 0.4
"""How long tidying up may take: memory is wiped, connections are closed, output is flushed."""

logger = logging.getLogger(__name__)


class Ending:
    """The end of the process; the first cause decides the exit code."""

    def __init__(self) -> None:
        self._code: int | None = None
        self._begun: SimpleQueue[None] = SimpleQueue()  # its `put` is safe in a signal handler
        self._last = threading.Lock()
        self.flush_answers: Callable[[], object] = flush
        """Writes the answers that are left; before there can be any, the log once more."""
        threading.Thread(target=self._end_in_time, name="ending", daemon=True).start()

    def begin(self, code: int = 0) -> None:
        """Allow ``GRACE_SECONDS`` more."""
        self._code = code if self._code is None else self._code
        self._begun.put(None)

    def at_failed_write(self, error: OSError) -> None:
        """What it means that stdout takes nothing any more: nobody is left who could be answered."""
        if self._code is None:
            logger.error("the server ends, for its answers can't be written: %s", error.strerror)
            self.begin(1)

    def finish(self) -> NoReturn:
        """End the process as soon as what is left is written, whatever still runs in it."""
        flush()
        self.flush_answers()
        self._exit()

    def at_signal(self, number: int, _: FrameType | None) -> None:
        """What a signal does also while the event loop is blocked."""
        self.begin(128 + number)

    def _end_in_time(self) -> None:
        self._begun.get()
        time.sleep(GRACE_SECONDS)
        self._exit()

    def _exit(self) -> NoReturn:
        """End the process, once: what two threads would do at the same time there (such as save a trace) can crash."""
        self._last.acquire()
        os._exit(self._code or 0)


class BehindFront:
    """What the SDK reads and writes behind a front."""

    def __init__(self, front: Front) -> None:
        self._front = front
        self._chunks = self._handed_over()
        self._ahead = b""
        self._opened = threading.Event()

    def read(self, size: int) -> bytes:
        """What the front left, once it has left, and then the rest of the input."""
        self._ahead = self._ahead or next(self._chunks, b"") or os.read(self._front.source, size)
        data, self._ahead = self._ahead[:size], self._ahead[size:]
        return data

    def write(self, data: Any) -> int:
        """Pass on everything but the answer to the opening, which the host has."""
        if not self._front.shown or self._opened.is_set():
            return os.write(self._front.sink, data)
        if bytes(data[-1:]) == b"\n":
            self._opened.set()
        return len(data)

    def _handed_over(self) -> Iterator[bytes]:
        self._front.left.wait()
        opening, *later = self._front.shown or [b""]
        if opening:
            yield opening
            self._opened.wait()  # before another line can be answered
        yield b"".join(later) + self._front.unread


class Input(io.RawIOBase):
    """Standard input that says when it ends."""

    def __init__(self, read: Callable[[int], bytes], *, at_end: Callable[[], None]) -> None:
        super().__init__()
        self._read = read
        self._at_end = at_end

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._read(len(buffer))
        if not data:
            self._at_end()
        buffer[: len(data)] = data
        return len(data)


class Requests(io.RawIOBase):
    """Standard input without the lines that the SDK would leave unanswered.

    Args:
        source: Standard input.
        answer: Takes the answer to such a line, and never blocks.
    """

    def __init__(self, source: Input, *, answer: Callable[[str], None]) -> None:
        super().__init__()
        self._lines = io.TextIOWrapper(io.BufferedReader(source), encoding="utf-8-sig", errors="replace")
        self._answer = answer
        self._ahead = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._ahead = self._ahead or memoryview(self._next().encode())
        data, self._ahead = self._ahead[: len(buffer)], self._ahead[len(buffer) :]
        buffer[: len(data)] = data
        return len(data)

    def _next(self) -> str:
        """The next line for the SDK, or nothing at the end."""
        for line in self._lines:
            if (answer := refusal(line)) is None:
                return line
            self._answer(answer)
        return ""


class Output(io.BufferedIOBase):
    """Standard output, to which the SDK and ``Requests`` write: each line in one piece, and whole before the next.

    It says when nothing can be written any more, and then takes everything.
    """

    name = "<stdout>"

    def __init__(self, write: Callable[[Any], int], *, at_failure: Callable[[OSError], None]) -> None:
        super().__init__()
        self._write = write
        self._at_failure = at_failure
        self._lock = threading.Lock()

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        rest = memoryview(data)
        with self._lock:
            try:
                while rest:
                    rest = rest[self._write(rest) :]
            except OSError as error:
                self._at_failure(error)
        return len(data)


def serve(server: MCPServer[Any], *, front: Front | None = None) -> NoReturn:
    """Serve over this process's stdin and stdout until the input ends or a signal comes, and end the process."""
    ending = Ending()
    if front:
        front.ending.acquire()
    gc.freeze()
    gc.enable()
    try:
        ending.flush_answers = _take_streams(BehindFront(front) if front else None, ending).flush
        anyio.run(_serve, server, ending)
    except Exception:
        logger.exception("the server stopped")
        ending.begin(1)
    ending.finish()


def _take_streams(behind: BehindFront | None, ending: Ending) -> LineWriter:
    """Give the SDK a ``sys.stdin`` and ``sys.stdout`` of ours, which it serves as they are, and everybody else others.

    Whoever else reads finds nothing there, and what they print goes to stderr. The SDK takes its own before it reads.

    Returns:
        What writes the answers to lines that the SDK doesn't see.

    Raises:
        OSError: A standard stream is closed.
    """
    read, write = (behind.read, behind.write) if behind else (partial(os.read, os.dup(0)), partial(os.write, os.dup(1)))
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    os.dup2(2, 1)
    served, printed = io.TextIOWrapper(Output(write, at_failure=ending.at_failed_write), encoding="utf-8"), sys.stdout
    answers = LineWriter(served, about_lost=about_lost)

    def read_for_the_sdk(size: int) -> bytes:
        sys.stdout = printed
        return read(size)

    requests = Requests(Input(read_for_the_sdk, at_end=ending.begin), answer=answers.write)
    sys.stdin, sys.stdout = io.TextIOWrapper(io.BufferedReader(requests), encoding="utf-8"), served
    return answers


async def _serve(server: MCPServer[Any], ending: Ending) -> None:
    async with anyio.create_task_group() as tasks:
        if sys.platform != "win32":  # pragma: no branch -- Windows ends a process without a signal to receive
            await tasks.start(_end_at_signal, ending, tasks.cancel_scope)
        await server.run_stdio_async()
        tasks.cancel_scope.cancel()


async def _end_at_signal(ending: Ending, scope: anyio.CancelScope, *, task_status: anyio.abc.TaskStatus[None]) -> None:
    with anyio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as signals:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, ending.at_signal)  # in place of asyncio's, which does nothing: its loop is told apart
        task_status.started()
        async for _ in signals:
            scope.cancel()
