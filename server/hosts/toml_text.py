"""TOML: our tables are appended or taken out, and every other line stays as it is.

Where our tables begin and end is found by their tokens.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from math import isnan
from typing import Any

import tomli_w

from .refusal import CantChange

_NAN = float("nan")
"""The same object each time, so that what was read twice is equal."""
_TOKENS = re.compile(
    r'"""(?:[^"\\]++|\\.|"{1,2}(?!"))*+"{3,5}'
    r"|'''(?:[^']++|'{1,2}(?!'))*+'{3,5}"
    r'|"(?:[^"\\]++|\\.)*+"'
    r"|'[^']*'"
    r"|#[^\n]*|[\[\]{}\n]|[^\s\[\]{}\"'#]+",
    re.DOTALL,
)
"""Of a text that is known to be TOML."""
_PART = r"""(?:[\w-]+|"(?:[^"\\\n]++|\\.)*+"|'[^'\n]*')"""
_KEYS = re.compile(
    r""""{3}(?:[^"\\]++|\\.|"{1,2}(?!"))*+"{3,5}"""
    r"""|'{3}(?:[^']++|'{1,2}(?!'))*+'{3,5}|#[^\n]*"""
    rf"""|(?P<key>{_PART}(?:[ \t]*+\.[ \t]*+{_PART})*+)|["'].*""",
    re.DOTALL,
)
"""The keys of any text, as far as its strings end; comments and texts of several lines hold none."""
_MOST_PARTS = 100
"""Of a key: the time to read one grows with the square of their number."""


def read(text: str) -> dict[str, Any]:
    """What the text says.

    Raises:
        CantChange: It is no TOML, or has a key without measure.
    """
    if any(found["key"] and _parts(found["key"]) > _MOST_PARTS for found in _KEYS.finditer(text)):
        raise CantChange(f"holds a key of more than {_MOST_PARTS} parts")
    try:
        return tomllib.loads(text, parse_float=_number)
    except tomllib.TOMLDecodeError as error:
        place = str(error).rpartition("(at ")[2].rstrip(")")  # 3.14 has attributes for it
        raise CantChange(f"is not valid TOML ({place})") from None


def _parts(key: str) -> int:
    """How many parts a key has; most hold too few dots for a look."""
    return len(re.findall(_PART, key)) if key.count(".") >= _MOST_PARTS else 1


def _number(text: str) -> float:
    number = float(text)
    return _NAN if isnan(number) else number


def written(value: Mapping[str, Any]) -> str:
    """The value as a text of its own."""
    return tomli_w.dumps(value)


def put(text: str, path: tuple[str, str], value: Mapping[str, Any]) -> str:
    """The text with the table of this path at its end, in place of the one that it had."""
    end_of_line = "\r\n" if "\r\n" in text else "\n"
    before = drop(text, path)
    if before and not before.endswith("\n"):
        before += end_of_line
    for key in reversed(path):
        value = {key: value}
    table = written(value).replace("\n", end_of_line)
    return before + (end_of_line if before.strip() else "") + table


def drop(text: str, path: tuple[str, str]) -> str:
    """The text without the table of this path and those below it."""
    lines = text.split("\n")
    for start, end in reversed(list(_regions(text, lines, path))):
        is_spaced = start > 0 and not lines[start - 1].strip() and not "".join(lines[end : end + 1]).strip()
        del lines[start - is_spaced : end]
    return "\n".join(lines)


def _regions(text: str, lines: Sequence[str], path: tuple[str, str]) -> Iterator[tuple[int, int]]:
    """The lines of the tables that are ours."""
    for start, end in _tables(text):
        header = lines[start]
        if (path[1] in header or "\\" in header) and _keys(header)[: len(path)] == list(path):
            yield start, end


def _tables(text: str) -> list[tuple[int, int]]:
    """The lines of each table, from its header to behind the last that holds more than blanks and a comment.

    A header begins with a bracket that comes first in its line, where no text or list is open.
    """
    tables: list[tuple[int, int]] = []
    line, depth, start, is_first = 0, 0, -1, True
    end = 0
    for found in _TOKENS.finditer(text):
        word = found[0]
        if word == "\n":
            line, is_first = line + 1, True
            continue
        if word[0] == "#":
            continue
        if word == "[" and depth == 0 and is_first:
            tables.append((start, end))
            start = line
        depth += (word in ("[", "{")) - (word in ("]", "}"))
        line, is_first = line + word.count("\n"), False
        end = line + 1
    return [*tables, (start, end)][1:]


def _keys(line: str) -> list[str]:
    """The keys of a table's header."""
    keys: list[str] = []
    value: Any = tomllib.loads(line.rstrip("\r"))
    while value:
        ((key, value),) = value.items()
        keys.append(key)
        value = value[0] if isinstance(value, list) else value
    return keys
