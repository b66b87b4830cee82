"""What a terminal shows: a terminal emulator interprets the bytes."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

import pyte
from pyte.screens import Char

COLUMNS, ROWS = 106, 30
EVERYTHING = 1000
"""Rows in which nothing is scrolled away."""


@dataclass(frozen=True, kw_only=True)
class Run:
    """Neighbouring characters of one look."""

    column: int
    text: str
    colour: str
    bold: bool


Row = tuple[Run, ...]


class Terminal:
    """A terminal that is fed line by line."""

    def __init__(self, rows: int = ROWS) -> None:
        self._screen = pyte.Screen(COLUMNS, rows)
        self._stream = pyte.ByteStream(self._screen)

    def feed(self, data: bytes) -> None:
        """Take what a program wrote."""
        self._stream.feed(data)

    @property
    def text(self) -> list[str]:
        """The rows as plain text."""
        return [line.rstrip() for line in self._screen.display]

    def rows(self) -> tuple[Row, ...]:
        """The rows with their looks."""
        return tuple(
            tuple(_runs([self._screen.buffer[y][x] for x in range(COLUMNS)])) for y in range(self._screen.lines)
        )


def words(data: bytes) -> str:
    """Everything that was written, as plain text."""
    terminal = Terminal(EVERYTHING)
    terminal.feed(data)
    return "\n".join(terminal.text).rstrip()


def _runs(cells: list[Char]) -> Iterator[Run]:
    column = 0
    for (colour, bold), group in groupby(cells, key=lambda cell: (cell.fg, cell.bold)):
        text = "".join(cell.data for cell in group)
        if text.strip():
            left = len(text) - len(text.lstrip())
            yield Run(column=column + left, text=text.strip(), colour=colour, bold=bold)
        column += len(text)
