"""``JsonText``: JSON as people keep it, with comments and trailing commas, in which one member comes or goes.

VS Code, Cursor and Gemini CLI allow comments or trailing commas in their files. Values are read by the standard library
from the same text with these blanked, so that a position in one is the same position in the other.
"""

import json
import re
from collections.abc import Mapping
from enum import StrEnum
from functools import cached_property
from typing import Any, NamedTuple

from .files import CantChange

_COMMENT = r"//[^\r\n]*|/\*.*?\*/"
_STRING = r'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
_UNENDED = r'(?:/\*|").*'
"""All the rest, where a comment or string has no end: to look for one again from each character would take long."""
_GAP = re.compile(rf"(?:[ \t\r\n]|{_COMMENT})*+", re.DOTALL)
_TRAILING = rf",(?=(?:[ \t\r\n]|{_COMMENT})*+[}}\]])"
_LENIENT = re.compile(
    rf"{_STRING}|(?P<COMMENT>{_COMMENT})|{_UNENDED}|(?P<COMMA>{_TRAILING})|(?P<NUMBER>NaN|Infinity)", re.DOTALL
)
"""What strict JSON does not have, and strings, in which it only looks like that."""
_LINE_END = re.compile(r"[ \t]*(?://|[\r\n])")
_INDENT = re.compile(r'\n([ \t]+)"')
_DECODER = json.JSONDecoder(parse_constant=str)


class Leniency(StrEnum):
    """What some hosts read in a JSON file and others refuse, in the words of the sentence about it."""

    MARK = "a byte order mark"
    COMMENT = "a comment"
    COMMA = "a comma before a closing bracket"
    NUMBER = "`NaN` or `Infinity`"

    @property
    def step(self) -> str:
        """What somebody does about it; a sentence without its beginning and end."""
        return "save the file as UTF-8 without it" if self is Leniency.MARK else "take it out"


class _Member(NamedTuple):
    """One member of an object: positions in the text. That of the comma is 0 if there is none behind the value."""

    key: str
    start: int
    value: int
    end: int
    comma: int


class JsonText:
    """A text in JSON, which is read when ``value`` is asked for first."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._end_of_line = "\r\n" if "\r\n" in text else "\n"

    @cached_property
    def value(self) -> dict[str, Any]:
        """The object that the text holds; an empty text holds an empty one."""
        try:
            value = _DECODER.decode(self.text)
        except json.JSONDecodeError:  # most files are strict JSON, and to blank a large one takes long
            value = self._lenient_value()
        if not isinstance(value, dict):
            raise CantChange("holds no JSON object")
        return value

    def _lenient_value(self) -> Any:
        try:
            return _DECODER.decode(self._plain) if self._plain.strip() else {}
        except json.JSONDecodeError as error:
            raise CantChange(f"is not valid JSON (line {error.lineno}, column {error.colno})") from None

    @cached_property
    def _plain(self) -> str:
        """The same length, with blanks in place of comments and trailing commas."""
        return _LENIENT.sub(_blanked, self.text)

    @staticmethod
    def written(value: Mapping[str, Any]) -> str:
        """The value as a text of its own."""
        return json.dumps(value, indent=2, ensure_ascii=False) + "\n"

    def put(self, path: tuple[str, str], value: Any) -> str:
        """The text with a member at the path: where it stood, else in the first place of its object."""
        text, brace, (key, name) = self.text, self._gap(0), path
        if brace == len(text):
            before = text.rstrip()
            return before + "\n" * bool(before) + self.written({key: {name: value}})
        members, holder = self._members(brace, key)
        if holder < 0:
            return self._insert(brace, key, {name: value})
        brace = members[holder].value
        members, place = self._members(brace, name)
        if place < 0:
            return self._insert(brace, name, value)
        member = members[place]
        return text[: member.value] + self._written(value, self._indent(member.start)) + text[member.end :]

    def drop(self, path: tuple[str, str]) -> str:
        """The text without the member that stands at the path, and with all comments around it."""
        text, (members, holder) = self.text, self._members(self._gap(0), path[0])
        members, place = self._members(members[holder].value, path[1])
        member = members[place]
        before, after = text[: member.start], text[member.end :]
        bare = before.rstrip(" \t\r\n")
        if member.comma:
            after = text[member.end : member.comma] + text[member.comma + 1 :]
        if self._plain[len(bare) - 1].isspace() and not _LINE_END.match(after):  # the comment there would go on
            bare, after = before, after.lstrip(" \t\r\n")
        if place and not member.comma:
            comma = members[place - 1].comma
            bare = bare[:comma] + bare[comma + 1 :]
        return bare + after

    def _gap(self, at: int) -> int:
        """Behind the white space and comments that begin at a position."""
        return next(_GAP.finditer(self.text, at)).end()

    def _members(self, brace: int, key: str) -> tuple[list[_Member], int]:
        """The members of the object that opens there, and which of them has this key; -1 if none has."""
        members, at = [], self._gap(brace + 1)
        while self.text[at] != "}":
            name, colon = _DECODER.raw_decode(self._plain, at)
            value = self._gap(self._gap(colon) + 1)
            end = _DECODER.raw_decode(self._plain, value)[1]
            behind = self._gap(end)
            comma = behind if self.text[behind] == "," else 0
            members.append(_Member(name, at, value, end, comma))
            at = self._gap(behind + bool(comma))
        found = [place for place, member in enumerate(members) if member.key == key]
        if len(found) > 1:
            raise CantChange(f"names `{key}` twice in one object")
        return members, found[0] if found else -1

    def _insert(self, brace: int, key: str, value: Any) -> str:
        """The text with a new member in the first place of an object."""
        text, inside = self.text, brace + 1
        first = self._gap(inside)
        if text[first] != "}":
            indent, comma = self._indent(first), ","
        else:
            line = text[text.rfind("\n", 0, brace) + 1 :]
            outer = line[: len(line) - len(line.lstrip(" \t"))]
            has_line_end = re.match(r"\s*\n", text[inside:])
            indent, comma = outer + self._unit, "" if has_line_end else self._end_of_line + outer
        gap = "" if indent is None else self._end_of_line + indent
        return f"{text[:inside]}{gap}{json.dumps(key)}: {self._written(value, indent)}{comma}{text[inside:]}"

    def _indent(self, at: int) -> str | None:
        """The white space before a position, if nothing else stands before it in its line."""
        start = self.text.rfind("\n", 0, at) + 1
        line = self.text[start:at]
        return None if line.strip(" \t") or not start else line

    @property
    def _unit(self) -> str:
        found = _INDENT.search(self.text)
        return found[1] if found else "  "

    def _written(self, value: Any, indent: str | None) -> str:
        """The value in one line, or in several that begin with the indent."""
        if indent is None:
            return json.dumps(value, ensure_ascii=False)
        return json.dumps(value, indent=self._unit, ensure_ascii=False).replace("\n", self._end_of_line + indent)


def leniencies(text: str) -> set[Leniency]:
    """What a text that is read here holds beside strict JSON."""
    return {Leniency[found.lastgroup] for found in _LENIENT.finditer(text) if found.lastgroup}


def _blanked(found: re.Match[str]) -> str:
    return re.sub(r"[^\n]", " ", found[0]) if found["COMMENT"] or found["COMMA"] else found[0]
