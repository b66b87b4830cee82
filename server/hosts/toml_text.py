"""TOML: our tables are appended or taken out, and every other line stays as it is.

Where our tables begin and end is found by their header lines.
"""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

import tomli_w

from .refusal import CantChange


def read(text: str) -> dict[str, Any]:
    """What the text says.

    Raises:
        CantChange: It is no TOML.
    """
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        place = str(error).rpartition("(at ")[2].rstrip(")")  # 3.14 has attributes for it
        raise CantChange(f"is not valid TOML ({place})") from None


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
    for start, end in reversed(list(_regions(lines, path))):
        is_spaced = start > 0 and not lines[start - 1].strip() and not "".join(lines[end : end + 1]).strip()
        del lines[start - is_spaced : end]
    return "\n".join(lines)


def _regions(lines: Sequence[str], path: tuple[str, str]) -> Iterator[tuple[int, int]]:
    """From a header of ours to behind the last line that is neither blank nor a comment."""
    for (start, header), (following, _) in pairwise([*_headers(lines), (len(lines), [])]):
        if header[: len(path)] == list(path):
            end = following
            while not lines[end - 1].strip() or lines[end - 1].lstrip().startswith("#"):
                end -= 1
            yield start, end


def _headers(lines: Sequence[str]) -> Iterator[tuple[int, list[str]]]:
    """The lines that begin a table, with its keys: what stands since the one before must be whole without them."""
    begun = 0
    for number, line in enumerate(lines):
        if line.lstrip().startswith("[") and (keys := _keys(line)) and _is_whole(lines[begun:number]):
            yield number, keys
            begun = number


def _is_whole(lines: Sequence[str]) -> bool:
    """Whether no text or list is open behind the last line."""
    try:
        tomllib.loads("".join(f"{line}\n" for line in lines))
    except tomllib.TOMLDecodeError:
        return False
    return True


def _keys(line: str) -> list[str]:
    """The keys of a table's header, or none."""
    keys: list[str] = []
    try:
        value: Any = tomllib.loads(line.rstrip("\r"))
    except tomllib.TOMLDecodeError:
        return keys
    while value:
        ((key, value),) = value.items()
        keys.append(key)
        value = value[0] if isinstance(value, list) else value
    return keys
