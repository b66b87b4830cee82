"""``TomlText``: TOML in which our tables come at the end or go, and every other line stays as it is.

tomlkit (0.15.2) was tried: with a table it takes away the comments behind it, which are about the next one.
"""

import re
import tomllib
from collections.abc import Mapping
from functools import cached_property
from math import isnan
from typing import Any

import tomli_w

from .files import CantChange

_NAN = float("nan")
"""The same object each time, so that what was read twice is equal."""
_LONG_STRING = r'"""(?:[^"\\]++|\\.|"{1,2}(?!"))*+"{3,5}' + r"|'''(?:[^']++|'{1,2}(?!'))*+'{3,5}"
_TOKENS = re.compile(
    rf"""{_LONG_STRING}|"(?:[^"\\]++|\\.)*+"|'[^']*'|#[^\n]*|[\[\]{{}}\n]|[^\s\[\]{{}}"'#]+""", re.DOTALL
)
"""Of a text that is known to be TOML."""
_PART = r"""(?:[\w-]+|"(?:[^"\\\n]++|\\.)*+"|'[^'\n]*')"""
_KEYS = re.compile(rf"""{_LONG_STRING}|#[^\n]*|(?P<key>{_PART}(?:[ \t]*+\.[ \t]*+{_PART})*+)|["'].*""", re.DOTALL)
"""The keys of any text, as far as its strings end; comments and texts of several lines hold none."""
_MOST_PARTS = 100
"""Of a key: the time to read one grows with the square of their number."""


class TomlText:
    """A text in TOML, which is read when ``value`` is asked for first."""

    def __init__(self, text: str) -> None:
        self.text = text

    @cached_property
    def value(self) -> dict[str, Any]:
        """What the text holds."""
        if any(found["key"] and _parts(found["key"]) > _MOST_PARTS for found in _KEYS.finditer(self.text)):
            raise CantChange(f"holds a key of more than {_MOST_PARTS} parts")
        try:
            return tomllib.loads(self.text, parse_float=_number)
        except tomllib.TOMLDecodeError as error:
            place = str(error).rpartition("(at ")[2].rstrip(")")  # 3.14 has attributes for it
            raise CantChange(f"is not valid TOML ({place})") from None

    @staticmethod
    def written(value: Mapping[str, Any]) -> str:
        """The value as a text of its own."""
        return tomli_w.dumps(value)

    def put(self, path: tuple[str, str], value: Mapping[str, Any]) -> str:
        """The text with the table of this path at its end, in place of the one that it had."""
        end_of_line = "\r\n" if "\r\n" in self.text else "\n"
        before = self.drop(path)
        if before and not before.endswith("\n"):
            before += end_of_line
        table = self.written({path[0]: {path[1]: value}}).replace("\n", end_of_line)
        return before + (end_of_line if before.strip() else "") + table

    def drop(self, path: tuple[str, str]) -> str:
        """The text without the table of this path and those below it."""
        lines = self.text.split("\n")
        for start, end in reversed(_tables(self.text)):
            if _is_below(lines[start], path):
                is_spaced = start > 0 and not lines[start - 1].strip() and not "".join(lines[end : end + 1]).strip()
                del lines[start - is_spaced : end]
        return "\n".join(lines)


def _parts(key: str) -> int:
    """How many parts a key has; most hold too few dots for a look."""
    return len(re.findall(_PART, key)) if key.count(".") >= _MOST_PARTS else 1


def _number(text: str) -> float:
    number = float(text)
    return _NAN if isnan(number) else number


def _tables(text: str) -> list[tuple[int, int]]:
    """The lines of each table, from its header to behind the last that holds more than blanks and a comment.

    A header begins with a bracket that comes first in its line, where no text or list is open.
    """
    tables: list[tuple[int, int]] = []
    line, depth, start, end, is_first = 0, 0, -1, 0, True
    for found in _TOKENS.finditer(text):
        word = found[0]
        if word == "\n":
            line, is_first = line + 1, True
        elif word[0] != "#":
            if word == "[" and depth == 0 and is_first:
                tables.append((start, end))
                start = line
            depth += (word in ("[", "{")) - (word in ("]", "}"))
            line, is_first = line + word.count("\n"), False
            end = line + 1
    return [*tables, (start, end)][1:]


def _is_below(header: str, path: tuple[str, str]) -> bool:
    """Whether a table's header names this path or one below it."""
    if path[1] not in header and "\\" not in header:
        return False
    holder = tomllib.loads(header.rstrip("\r")).get(path[0])
    return isinstance(holder, dict) and path[1] in holder
