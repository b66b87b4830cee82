"""``Terminal``: what a host that is used by hand writes on, and where a person presses keys."""

import os
import re
import termios
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from queue import SimpleQueue

from tests.interop.run import LONGEST_SECONDS

ROWS_AND_COLUMNS = (50, 200)
ENTER = "\r"
_CONTROL = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b.")
"""Sequences that move the cursor, choose a colour or set a title."""


class Terminal:
    """One terminal; ``theirs`` is the side that a host gets."""

    def __init__(self) -> None:
        self._ours, self.theirs = os.openpty()
        termios.tcsetwinsize(self.theirs, ROWS_AND_COLUMNS)
        self._written, self._pieces = b"", SimpleQueue[bytes]()

    def shows(self, words: str) -> None:
        """Wait until these words were written, whatever stands between them but letters."""
        last = time.monotonic() + LONGEST_SECONDS
        while words not in " ".join(_CONTROL.sub(" ", self._written.decode(errors="replace")).split()):
            self._written += self._pieces.get(timeout=max(0.0, last - time.monotonic()))

    def press(self, key: str) -> None:
        """Press a key."""
        os.write(self._ours, key.encode())

    def read(self) -> None:
        """Take what is written, so that no writer waits, until nobody has the other side any more."""
        while piece := _read(self._ours):
            self._pieces.put(piece)
        os.close(self._ours)


def _read(side: int) -> bytes:
    """What comes next; where nothing can come any more, macOS gives nothing, and Linux fails."""
    try:
        return os.read(side, 2**16)
    except OSError:
        return b""


@contextmanager
def terminal() -> Iterator[Terminal]:
    """A terminal that somebody looks at."""
    made = Terminal()
    thread = threading.Thread(target=made.read)
    thread.start()
    try:
        yield made
    finally:
        os.close(made.theirs)
        thread.join(LONGEST_SECONDS)
