"""The recording cut into frames: one for each step of the demo, shown for as long as it takes to read.

What comes before the first step is in the first step's frame, so that no frame is nearly empty.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tests.docs.film.recording import AT_THE_PAGE, Chunk, Recording
from tests.docs.film.screen import Row, Terminal, words

STEP = re.compile(r"^ ?\d+\. ")
"""How a step begins."""
PROMPT = b"\x1b[32m$\x1b[0m make demo\r\n"
SECONDS_A_FRAME, SECONDS_A_ROW = 0.7, 0.2
SECONDS_A_PHOTOGRAPH = 3.5
SECONDS_AT_THE_END = 3.0


@dataclass(frozen=True, kw_only=True)
class Frame:
    """What is seen for so many seconds; ``photograph`` is the number of the one in front of the terminal."""

    rows: tuple[Row, ...]
    seconds: float
    photograph: int | None = None


class Reel:
    """The frames so far."""

    def __init__(self) -> None:
        self.frames: list[Frame] = []
        self._terminal = Terminal()
        self._since, self._new = 0.0, 0

    def take(self, line: bytes) -> None:
        """Let the terminal write a line."""
        self._terminal.feed(line)
        self._new += 1

    def close(self, at: float, *, longer: float = 0.0) -> None:
        """End the frame, if there was anything new: it took real time, and reading it takes some."""
        if self._new:
            seconds = max(at - self._since, SECONDS_A_FRAME + SECONDS_A_ROW * self._new) + longer
            self.frames.append(Frame(rows=self._terminal.rows(), seconds=seconds))
        self._since, self._new = at, 0

    def photographs(self, count: int) -> None:
        """Show each photograph in front of the terminal."""
        rows = self._terminal.rows()
        self.frames += [Frame(rows=rows, seconds=SECONDS_A_PHOTOGRAPH, photograph=each) for each in range(count)]


def cut(recording: Recording) -> Sequence[Frame]:
    """The frames in order."""
    reel, at, has_begun = Reel(), 0.0, False
    reel.take(PROMPT)
    for at, line in lines(recording.chunks):
        said = words(line)
        if STEP.match(said):
            if has_begun:
                reel.close(at)
            has_begun = True
        reel.take(line)
        if AT_THE_PAGE in said:
            reel.close(at)
            reel.photographs(len(recording.photographs))
    reel.close(at, longer=SECONDS_AT_THE_END)
    return reel.frames


def lines(chunks: Sequence[Chunk]) -> Iterator[tuple[float, bytes]]:
    """Each line, with the moment at which its end came."""
    kept = b""
    for chunk in chunks:
        *whole, kept = (kept + chunk.data).split(b"\n")
        for line in whole:
            yield chunk.at, line + b"\n"
