"""Stdin and stdout of a process that serves: the SDK alone has them.

    host --> front, if any --> Streams.lines --> requests -------------> the SDK reads Streams.input
    host <-- front, if any <-- Output <-- Streams.answers (malformed) <-- the SDK writes Streams.output

Everybody else in the process finds stdin empty, and what they print goes to stderr. Behind a front (see ``front.py``),
the SDK is first shown what the front answered and the rest depends on.
"""

import io
import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from ..logs.line_writer import LineWriter
from .front import Front
from .malformed import about_lost, refusal


class BehindFront:
    """What the SDK reads and writes behind a front."""

    def __init__(self, front: Front) -> None:
        self._front = front
        self._chunks = self._handed_over()
        self._opened = threading.Event()

    def read(self, size: int) -> bytes:
        """What the front did not answer, as a whole, once the front is done; then the rest of the input."""
        return next(self._chunks, b"") or os.read(self._front.source, size)

    def write(self, data: Any) -> int:
        """Pass on everything but the answer to the opening: the host has it from the front."""
        if not self._front.shown or self._opened.is_set():
            return os.write(self._front.sink, data)
        if bytes(data[-1:]) == b"\n":
            self._opened.set()
        return len(data)

    def _handed_over(self) -> Iterator[bytes]:
        self._front.done.wait()
        opening, *later = self._front.shown or [b""]
        if opening:
            yield opening
            self._opened.wait()  # before another line can be answered
        yield b"".join(later) + self._front.unread


class Input(io.BufferedIOBase):
    """What a text stream reads from: a function that gives the next bytes, as many as it likes, and none at the end."""

    name = "<stdin>"

    def __init__(self, read: Callable[[int], bytes]) -> None:
        super().__init__()
        self._read = read

    def readable(self) -> bool:
        return True

    def read1(self, size: int = -1, /) -> bytes:
        return self._read(size)


class Output(io.BufferedIOBase):
    """Standard output, which two threads write to: each write is whole before the next.

    A write that fails is reported; from then on, every write is taken and lost.
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


class Streams:
    """This process's stdin and stdout, taken from everybody but the SDK.

    Args:
        front: What has answered on them so far, if there is a front.
        at_end: Called at the end of the input.
        at_failure: Called when nothing can be written any more.

    Raises:
        OSError: A standard stream is closed.
    """

    def __init__(
        self, front: Front | None, *, at_end: Callable[[], None], at_failure: Callable[[OSError], None]
    ) -> None:
        behind = BehindFront(front) if front else None
        self._read = behind.read if behind else partial(os.read, os.dup(0))
        write = behind.write if behind else partial(os.write, os.dup(1))
        self._at_end = at_end
        null = os.open(os.devnull, os.O_RDONLY)
        os.dup2(null, 0)
        os.close(null)
        os.dup2(2, 1)
        self._lines = io.TextIOWrapper(Input(self._read_on), encoding="utf-8-sig", errors="replace")
        self.input = io.TextIOWrapper(Input(self._next_request), encoding="utf-8")
        self.output = io.TextIOWrapper(Output(write, at_failure=at_failure), encoding="utf-8")
        self.answers = LineWriter(self.output, about_lost=about_lost)
        """Writes the answers to malformed lines, and never holds up the lines behind them."""

    @contextmanager
    def lent(self) -> Iterator[None]:
        """Let the SDK find its streams in ``sys`` while the block runs; it keeps what it finds when it starts."""
        before = sys.stdin, sys.stdout
        sys.stdin, sys.stdout = self.input, self.output
        try:
            yield
        finally:
            sys.stdin, sys.stdout = before

    def _read_on(self, size: int) -> bytes:
        data = self._read(size)
        if not data:
            self._at_end()
        return data

    def _next_request(self, _: int) -> bytes:
        """The next line for the SDK, whatever its length, or nothing at the end."""
        for line in self._lines:
            if (answer := refusal(line)) is None:
                return line.encode()
            self.answers.write(answer)
        return b""
