"""JSON as people keep it, with comments and trailing commas: one member is put in or taken out, all else stays.

Comments and trailing commas are what VS Code, Cursor and Gemini CLI allow in their files. The members of an object are
found in the text by its tokens; values are read by the standard library from the same text with the rest blanked.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from .refusal import CantChange, Oddity

_COMMENT = r"//[^\r\n]*|/\*.*?\*/"
_STRING = r'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
_UNENDED = r'(?:/\*|").*'
"""All the rest, where a comment or string has no end: to look for one again from each character would take long."""
_TOKENS = re.compile(
    rf"(?P<space>[ \t\r\n]+)|(?P<comment>{_COMMENT})|(?P<string>{_STRING})"
    rf"|(?P<mark>[{{}}\[\],:])|(?P<word>[^\s{{}}\[\],:\"/]+)|(?P<other>{_UNENDED}|.)",
    re.DOTALL,
)
_BRACKETS = re.compile(rf"{_STRING}|{_COMMENT}|{_UNENDED}|(?P<opening>[{{\[])|(?P<closing>[}}\]])", re.DOTALL)
_TRAILING = rf",(?=(?:[ \t\r\n]|{_COMMENT})*+[}}\]])"
_BLANKED = re.compile(rf"{_STRING}|(?P<comment>{_COMMENT})|{_UNENDED}|(?P<comma>{_TRAILING})", re.DOTALL)
"""What a text is blanked of, and what looks like that inside of strings."""
_ODD = re.compile(
    rf"{_STRING}|(?P<COMMENT>{_COMMENT})|{_UNENDED}|(?P<COMMA>{_TRAILING})|(?P<NUMBER>NaN|Infinity)", re.DOTALL
)
_NO_LINE_END = re.compile(r"[^\n]")
_LINE_END = re.compile(r"[ \t]*(?://|[\r\n])")
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
    gap_start: int
    """Where the white space and comments before it begin."""
    key_start: int
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
        plain = _plain(text)
        return json.loads(plain, parse_constant=str) if plain.strip() else {}


def oddities(text: str) -> set[Oddity]:
    """What a text that ``read`` takes holds beside strict JSON."""
    return {Oddity[found.lastgroup] for found in _ODD.finditer(text) if found.lastgroup}


def written(value: Mapping[str, Any]) -> str:
    """The value as a text of its own."""
    return json.dumps(value, indent=2) + "\n"


def put(text: str, path: tuple[str, str], value: Mapping[str, Any]) -> str:
    """The text with a member at the path, a new one in the first place of its object.

    Raises:
        CantChange: There is no one place for it.
    """
    outline = _outline(text)
    if not outline:
        return _nested(path, value, text)
    holder = _only(outline, path[0])
    if holder is None:
        return _insert(text, outline, path[0], {path[1]: value})
    outline = _outline(text, holder.value_start)
    if found := _only(outline, path[1]):
        indent = _line_indent(text, found.key_start)
        return text[: found.value_start] + _written(value, text, indent) + text[found.value_end :]
    return _insert(text, outline, path[1], value)


def drop(text: str, path: tuple[str, str]) -> str:
    """The text without the member at the path.

    Raises:
        CantChange: It is there more than once.
    """
    holder = _only(_outline(text), path[0])
    found = holder and _only(_outline(text, holder.value_start), path[1])
    if not found:
        return text
    before, after = text[: found.key_start], text[found.value_end :]
    bare = before.rstrip(" \t\r\n")
    gap = [token for token in _tokens(text[found.gap_start : len(bare)]) if token.kind == "comment"]
    is_behind_comment = bool(gap) and gap[-1].text.startswith("//")  # which must not swallow what follows
    if found.comma:
        after = text[found.value_end : found.comma.start] + text[found.comma.end :]
        return before + after.lstrip(" \t\r\n") if is_behind_comment else bare + after
    if is_behind_comment and not _LINE_END.match(after):
        bare, after = before, after.lstrip(" \t\r\n")
    if found.comma_before:
        bare = bare[: found.comma_before.start] + bare[found.comma_before.end :]
    return bare + after


def _tokens(text: str, start: int = 0) -> Iterator[_Token]:
    for found in _TOKENS.finditer(text, start):
        yield _Token(str(found.lastgroup), found[0], found.start(), found.end())


def _outline(text: str, start: int = 0) -> list[_Token]:
    """The tokens of the object that begins there: of what is inside of its values, none.

    Files are large, and what is looked for stands near their surface.
    """
    outline: list[_Token] = []
    while found := _TOKENS.match(text, start):
        start = found.end()
        if found.lastgroup in ("space", "comment"):
            continue
        outline.append(_Token(str(found.lastgroup), found[0], found.start(), start))
        if found[0] in ("}", "]"):
            break
        if found[0] in ("{", "[") and len(outline) > 1:
            start = _end_of_value(text, start)
            outline.append(_Token("mark", text[start - 1], start - 1, start))
    return outline


def _end_of_value(text: str, start: int) -> int:
    """Behind the bracket that closes what is open at the start."""
    depth = 1
    brackets = (found for found in _BRACKETS.finditer(text, start) if found.lastgroup)
    while depth:
        found = next(brackets)
        depth += 1 if found.lastgroup == "opening" else -1
    return found.end()


def _plain(text: str) -> str:
    """The same length, with blanks in place of comments and of commas that nothing follows."""
    return _BLANKED.sub(lambda found: _NO_LINE_END.sub(" ", found[0]) if found.lastgroup else found[0], text)


def _members(outline: Sequence[_Token]) -> Iterator[_Member]:
    index = 1
    while outline[index].text != "}":
        before, key, value = outline[index - 1], outline[index], index + 2
        after = _after(outline, value)
        comma = outline[after] if outline[after].text == "," else None
        yield _Member(
            key=str(json.loads(key.text, strict=False)),
            gap_start=before.end,
            key_start=key.start,
            value_start=outline[value].start,
            value_end=outline[after - 1].end,
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


def _only(outline: Sequence[_Token], key: str) -> _Member | None:
    """The member of this name, if there is one."""
    found = [member for member in _members(outline) if member.key == key] if outline else []
    if len(found) > 1:
        raise CantChange(f"names `{key}` twice in one object")
    return found[0] if found else None


def _insert(text: str, outline: Sequence[_Token], key: str, value: Any) -> str:
    """The text with a new member in the first place of an object."""
    brace, first = outline[:2]
    has_others, inside = first.text != "}", brace.end
    indent = _line_indent(text, first.start) if has_others else _line_indent(text, brace.start, inner=True)
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
