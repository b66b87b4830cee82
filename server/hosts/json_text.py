"""JSON as people keep it, with comments and trailing commas: one member is put in or taken out, all else stays.

Comments and trailing commas are what VS Code, Cursor and Gemini CLI allow in their files. The members of an object are
found in the text by its tokens; values are read by the standard library from the same text with the rest blanked.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple

from .refusal import CantChange

_TOKENS = re.compile(
    r'(?P<space>[ \t\r\n]+)|(?P<comment>//[^\r\n]*|/\*.*?\*/)|(?P<string>"[^"\\]*(?:\\.[^"\\]*)*")'
    r"|(?P<mark>[{}\[\],:])|(?P<word>[^\s{}\[\],:\"/]+)|(?P<other>.)",
    re.DOTALL,
)
_INDENT = re.compile(r'\n([ \t]+)"')


class _Token(NamedTuple):
    kind: str
    text: str
    start: int
    end: int


@dataclass(frozen=True)
class _Member:
    """One member of an object, in the text."""

    key: str
    key_start: int
    value: int
    """The index of the value's first token."""
    value_start: int
    value_end: int
    comma: _Token | None
    """Behind the value."""
    comma_before: _Token | None


def read(text: str) -> dict[str, Any]:
    """What the text says; an empty one says nothing.

    Raises:
        CantChange: It is no JSON object.
    """
    try:
        value = _loaded(text)
    except json.JSONDecodeError as error:
        raise CantChange(f"is not valid JSON (line {error.lineno}, column {error.colno})") from None
    if not isinstance(value, dict):
        raise CantChange("holds no JSON object")
    return value


def _loaded(text: str) -> Any:
    try:
        return json.loads(text, parse_constant=str)  # most files hold nothing else, and large ones take their time
    except json.JSONDecodeError:
        plain = _plain(text, _tokens(text))
        return json.loads(plain, parse_constant=str) if plain.strip() else {}


def written(value: Mapping[str, Any]) -> str:
    """The value as a text of its own."""
    return json.dumps(value, indent=2) + "\n"


def put(text: str, path: tuple[str, str], value: Mapping[str, Any]) -> str:
    """The text with a member at the path, a new one in the first place of its object.

    Raises:
        CantChange: There is no one place for it.
    """
    tokens = _significant(text)
    if not tokens:
        return _nested(path, value, text)
    if found := _find(tokens, path):
        indent = _line_indent(text, found.key_start)
        return text[: found.value_start] + _written(value, text, indent) + text[found.value_end :]
    holder = _find(tokens, path[:1])
    brace, key = (holder.value, path[1]) if holder else (0, path[0])
    return _insert(text, tokens, brace, key, value if holder else {path[1]: value})


def drop(text: str, path: tuple[str, str]) -> str:
    """The text without the member at the path.

    Raises:
        CantChange: It is there more than once.
    """
    found = _find(_significant(text), path)
    if found is None:
        return text
    before, after = text[: found.key_start], text[found.value_end :]
    bare = before.rstrip(" \t\r\n")
    if found.comma:
        after = text[found.value_end : found.comma.start] + text[found.comma.end :]
        is_behind_comment = any(token.end == len(bare) and token.text.startswith("//") for token in _tokens(text))
        return before + after.lstrip(" \t\r\n") if is_behind_comment else bare + after
    if found.comma_before:
        bare = bare[: found.comma_before.start] + bare[found.comma_before.end :]
    return bare + after


def _find(tokens: Sequence[_Token], path: Sequence[str]) -> _Member | None:
    brace, found = 0, None
    for key in path:
        found = _only(list(_members(tokens, brace)), key) if tokens else None
        if found is None:
            return None
        brace = found.value
    return found


def _tokens(text: str) -> list[_Token]:
    return [_Token(str(found.lastgroup), found[0], found.start(), found.end()) for found in _TOKENS.finditer(text)]


def _significant(text: str) -> list[_Token]:
    return [token for token in _tokens(text) if token.kind not in ("space", "comment")]


def _plain(text: str, tokens: Sequence[_Token]) -> str:
    """The same length, with blanks in place of comments and of commas that nothing follows."""
    blanked = [token for token in tokens if token.kind == "comment"]
    values = [token for token in tokens if token.kind not in ("space", "comment")]
    blanked += [one for one, after in pairwise(values[1:]) if one.text == "," and after.text in ("}", "]")]
    plain = list(text)
    for token in blanked:
        plain[token.start : token.end] = re.sub(r"[^\n]", " ", token.text)
    return "".join(plain)


def _members(tokens: Sequence[_Token], brace: int) -> Iterator[_Member]:
    """The members of the object that begins at a token."""
    index = brace + 1
    while tokens[index].text != "}":
        key, value = tokens[index], index + 2
        after = _after(tokens, value)
        comma = tokens[after] if tokens[after].text == "," else None
        before = tokens[index - 1]
        yield _Member(
            key=str(json.loads(key.text, strict=False)),
            key_start=key.start,
            value=value,
            value_start=tokens[value].start,
            value_end=tokens[after - 1].end,
            comma=comma,
            comma_before=before if before.text == "," else None,
        )
        index = after + bool(comma)


def _after(tokens: Sequence[_Token], index: int) -> int:
    """The index of the token behind a value."""
    depth = 0
    while True:
        depth += (tokens[index].text in ("{", "[")) - (tokens[index].text in ("}", "]"))
        index += 1
        if depth == 0:
            return index


def _only(members: Sequence[_Member], key: str) -> _Member | None:
    found = [member for member in members if member.key == key]
    if len(found) > 1:
        raise CantChange(f"names `{key}` twice in one object")
    return found[0] if found else None


def _insert(text: str, tokens: Sequence[_Token], brace: int, key: str, value: Any) -> str:
    """The text with a new member in the first place of an object."""
    has_others, inside = tokens[brace + 1].text != "}", tokens[brace].end
    indent = (
        _line_indent(text, tokens[brace + 1].start)
        if has_others
        else _line_indent(text, tokens[brace].start, inner=True)
    )
    member = f"{json.dumps(key)}: {_written(value, text, indent)}"
    if indent is None:
        return f"{text[:inside]}{member},{text[inside:]}"
    end_of_line = _end_of_line(text)
    before, after = text[:inside] + end_of_line + indent + member, text[inside:]
    if has_others:
        return f"{before},{after}"
    has_line_end = "\n" in after[: len(after) - len(after.lstrip())]
    return before + after if has_line_end else before + end_of_line + indent.removesuffix(_unit(text)) + after


def _line_indent(text: str, position: int, *, inner: bool = False) -> str | None:
    """The white space before a position if nothing else stands before it in its line; with ``inner``, one step more."""
    line = text[text.rfind("\n", 0, position) + 1 : position]
    if inner:
        return line[: len(line) - len(line.lstrip(" \t"))] + _unit(text)
    is_alone = not line.strip(" \t") and "\n" in text[:position]
    return line if is_alone else None


def _unit(text: str) -> str:
    found = _INDENT.search(text)
    return found[1] if found else "  "


def _end_of_line(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"


def _written(value: Any, text: str, indent: str | None) -> str:
    if indent is None:
        return json.dumps(value, ensure_ascii=False)
    lines = json.dumps(value, indent=_unit(text), ensure_ascii=False).split("\n")
    return (_end_of_line(text) + indent).join(lines)


def _nested(path: tuple[str, str], value: Any, text: str) -> str:
    """A document of its own, behind the comments that stood there alone."""
    before = text.rstrip()
    return (
        (before + "\n" if before else "") + json.dumps({path[0]: {path[1]: value}}, indent=2, ensure_ascii=False) + "\n"
    )
