"""``LineWriter``: writes lines from a thread of its own, so that a pipe that nobody reads holds up nobody else."""

import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from queue import SimpleQueue
from typing import TextIO

MOST_WAITING = 1_000
"""Lines that wait to be written. Further lines are dropped and counted."""
FLUSH_SECONDS = 0.2
"""How long the end of the process waits for these lines: less than ``stdio.GRACE_SECONDS``."""


class _Gap:
    """Lines that were dropped one after the other."""

    lines = 0


class LineWriter:
    """Writes lines in the order in which they came. Its thread starts with the first of them.

    Logging's ``QueueHandler`` and ``QueueListener`` can't do this: a full queue is an error there, and their ``stop``
    waits for a stuck pipe.

    Args:
        stream: Where to write. If it fails, the line is lost.
        about_lost: Makes the line that stands in the place of a number of dropped lines.
    """

    def __init__(self, stream: TextIO, *, about_lost: Callable[[int], str]) -> None:
        self._stream = stream
        self._about_lost = about_lost
        self._waiting: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._gap: _Gap | None = None
        """The gap that another dropped line would widen."""
        self._thread: threading.Thread | None = None
        self._lock = threading.RLock()  # a finalizer may log in the middle of any statement

    def write(self, line: str) -> None:
        """Queue a line, or drop it if too many wait. This never blocks."""
        with self._lock:
            if self._waiting.qsize() >= MOST_WAITING:
                self._drop()
                return
            self._gap = None
            self._waiting.put(partial(self._put_out, line))
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="lines", daemon=True)
                self._thread.start()

    def flush(self) -> None:
        """Wait until all lines so far are written, at most ``FLUSH_SECONDS``."""
        if self._thread is not None:
            written = threading.Event()
            self._waiting.put(written.set)
            written.wait(FLUSH_SECONDS)

    def close(self) -> None:
        """Flush, and end the thread; a later line starts another."""
        self.flush()
        with self._lock:
            if self._thread is not None:
                self._thread = None
                self._waiting.put(None)

    def _run(self) -> None:
        while (write_next := self._waiting.get()) is not None:
            write_next()

    def _put_out(self, line: str) -> None:
        with suppress(OSError, ValueError):
            self._stream.write(line + "\n")
            self._stream.flush()

    def _drop(self) -> None:
        if self._gap is None:
            self._gap = _Gap()
            self._waiting.put(partial(self._tell_of, self._gap))
        self._gap.lines += 1

    def _tell_of(self, gap: _Gap) -> None:
        with self._lock:  # else a line could widen it after its lines were counted here
            self._gap = None if self._gap is gap else self._gap
        self._put_out(self._about_lost(gap.lines))
