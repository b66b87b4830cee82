"""``LineWriter``: writes lines from a thread of its own, so that a pipe that nobody reads holds up nobody else."""

import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import TextIO

MOST_WAITING = 1_000
"""Lines that wait to be written; what comes on top is dropped and counted."""
FLUSH_SECONDS = 0.2
"""How long the end of the process waits for lines that still wait: less than ``stdio.GRACE_SECONDS``."""


class _Gap:
    """Stands in the queue for lines that were dropped one after the other."""

    lines = 0


class LineWriter:
    """Writes lines in the order in which they came. Its thread starts with the first of them.

    Args:
        stream: Where to; one that is gone swallows what it is given.
        about_lost: The line that stands in the place of a number of dropped ones.
    """

    def __init__(self, stream: TextIO, *, about_lost: Callable[[int], str]) -> None:
        self._stream = stream
        self._about_lost = about_lost
        self._waiting: SimpleQueue[str | _Gap | threading.Event | None] = SimpleQueue()
        self._gap: _Gap | None = None
        self._thread: threading.Thread | None = None
        self._lock = threading.RLock()  # a finalizer may log in the middle of any statement

    def write(self, line: str) -> None:
        """Hand a line over, or drop it if too many wait; never blocks."""
        with self._lock:
            if self._waiting.qsize() >= MOST_WAITING:
                self._drop()
                return
            self._gap = None
            self._waiting.put(line)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="lines", daemon=True)
                self._thread.start()

    def flush(self) -> None:
        """Wait until all that came so far is written, at most ``FLUSH_SECONDS``."""
        if self._thread is not None:
            written = threading.Event()
            self._waiting.put(written)
            written.wait(FLUSH_SECONDS)

    def close(self) -> None:
        """Flush, and end the thread; a later line starts another."""
        self.flush()
        with self._lock:
            if self._thread is not None:
                self._thread = None
                self._waiting.put(None)

    def _run(self) -> None:
        while (item := self._waiting.get()) is not None:
            match item:
                case str():
                    self._put_out(item)
                case _Gap():
                    self._put_out(self._about_lost(item.lines))
                case _:
                    item.set()

    def _put_out(self, line: str) -> None:
        try:
            self._stream.write(line + "\n")
            self._stream.flush()
        except (OSError, ValueError):
            return

    def _drop(self) -> None:
        if self._gap is None:
            self._gap = _Gap()
            self._waiting.put(self._gap)
        self._gap.lines += 1
