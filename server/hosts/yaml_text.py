"""YAML: an entry of a block mapping is put in or taken out, and every other line stays as it is.

PyYAML says where keys and values stand; what it would write itself is used for our entry only.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from .refusal import CantChange

_WIDE = 1_000_000
"""Longer than any line of ours, so that none is folded."""
_AS_BLOCK = "(write it as a block, one line for each member)"
_ADDED = f"has `{{}}` in a form that can't be added to without rewriting it {_AS_BLOCK}"
_UNKNOWN_TAG = "could not determine a constructor"
_NUMBER = r"[-+]?(?:\.[0-9]+|(?:0|[1-9][0-9]*)(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?"
_WORDS: Sequence[tuple[str, str, str]] = (
    ("null", r"~|null|Null|NULL|", "~nN"),
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("int", r"[-+]?(?:0|[1-9][0-9]*)|0x[0-9a-fA-F]+|0o[0-7]+", "-+0123456789"),
    ("float", _NUMBER + r"|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)", "-+.0123456789"),
    ("merge", "<<", "<"),
)
"""What a plain word is in YAML 1.2, by which Goose reads: `off` and `1:30` are texts there, and in PyYAML are not."""


_UNFOLDED = 10
"""How many values there may be for each character of a text; where no alias repeats any, there is less than one."""


class _Loader(yaml.SafeLoader):
    """It knows the words above and no others, and refuses aliases that would make much of little."""

    def construct_document(self, node: yaml.Node) -> Any:
        _check_size(node, len(self.buffer) * _UNFOLDED)
        return super().construct_document(node)


class _Dumper(yaml.SafeDumper):
    """It quotes what either version would take for something else than a text."""


_Loader.yaml_implicit_resolvers = {}
for _tag, _pattern, _starts in _WORDS:
    for _side in (_Loader, _Dumper):
        _side.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(f"^(?:{_pattern})$"), [*_starts, ""])


def read(text: str) -> dict[str, Any]:
    """What the text says; an empty one says nothing.

    Raises:
        CantChange: It is no YAML mapping.
    """
    try:
        value = yaml.load(text, _Loader)  # noqa: S506 -- it is a SafeLoader
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = f" (line {mark.line + 1}, column {mark.column + 1})" if mark else ""
        is_tag = (error.problem or "").startswith(_UNKNOWN_TAG)
        raise CantChange(f"{'holds a tag that is not known' if is_tag else 'is not valid YAML'}{place}") from None
    if value is not None and not isinstance(value, dict):
        raise CantChange("holds no YAML mapping")
    return value or {}


def _check_size(root: yaml.Node, most: int) -> None:
    """Nothing, if the values below a node are not too many, each counted wherever an alias repeats it."""
    sizes: dict[int, int] = {}

    def size(node: Any) -> int:
        if isinstance(node, yaml.ScalarNode):
            return 1
        if id(node) not in sizes:
            sizes[id(node)] = most + 1  # which is what it counts inside of itself
            inside = [each for pair in node.value for each in (pair if isinstance(pair, tuple) else (pair,))]
            sizes[id(node)] = 1 + sum(size(each) for each in inside)
        return sizes[id(node)]

    if size(root) > most:
        raise CantChange("repeats too much by its aliases, or something inside of itself")


def written(value: Mapping[str, Any]) -> str:
    """The value as a text of its own."""
    return yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=_WIDE)


def put(text: str, path: tuple[str, str], value: Mapping[str, Any]) -> str:
    """The text with an entry in the first place of the mapping, in place of the one that it had.

    Raises:
        CantChange: The mapping is written in one line, or stands elsewhere.
    """
    key, name = path
    root = yaml.compose(text)
    without = _without(text, root, path)
    if without != text:  # to compose takes long
        text, root = without, yaml.compose(without)
    end_of_line = "\r\n" if "\r\n" in text else "\n"
    found = _child(root, key)
    if found is None:
        _check_not_merged(root, key)
        member = _indented({key: {name: dict(value)}}, end_of_line, "")
        if root is not None and _is_open(text, root):
            start = root.start_mark.index
            return text[:start] + member + text[start:]
        return (text if not text or text.endswith("\n") else text + end_of_line) + member
    key_node, mapping = found
    if isinstance(mapping, yaml.ScalarNode) or not mapping.value:
        text, indent = _opened(text, key, mapping), " " * (key_node.start_mark.column + 2)
    elif not mapping.flow_style:
        indent = " " * mapping.value[0][0].start_mark.column  # an anchor of the mapping stands before it
    else:
        raise CantChange(_ADDED.format(key))
    line_end = text.find("\n", key_node.end_mark.index) + 1
    if not line_end:
        text += end_of_line
        line_end = len(text)
    return text[:line_end] + _indented({name: dict(value)}, end_of_line, indent) + text[line_end:]


def _is_open(text: str, root: Any) -> bool:
    """Whether what is put behind the last line would change what that says, or stand outside of the document."""
    last = _last(root)
    is_block = isinstance(last, yaml.ScalarNode) and last.style in ("|", ">")
    return (is_block and not text.endswith("\n")) or "\n..." in "\n" + text[root.end_mark.index :]


def drop(text: str, path: tuple[str, str]) -> str:
    """The text without the entry.

    Raises:
        CantChange: It is there more than once, in a mapping that is written in one line, or elsewhere.
    """
    root = yaml.compose(text)
    found = _child(root, path[0])
    _check_not_merged(*((found[1], path[1]) if found else (root, path[0])))
    return _without(text, root, path)


def _without(text: str, root: Any, path: tuple[str, str]) -> str:
    key, name = path
    found = _child(root, key)
    entry = found and _child(found[1], name)
    if not found or not entry:
        return text
    key_node, mapping = found
    if mapping.flow_style:
        raise CantChange(f"has `{key}` in a form that can't be changed without rewriting it {_AS_BLOCK}")
    lines = text.split("\n")
    start, end, said = entry[0].start_mark.line, _line_behind(entry[1], lines), _line_behind(_last(entry[1]), lines)
    while end - 1 > start and (not lines[end - 1].strip() or (lines[end - 1].lstrip().startswith("#") and end > said)):
        end -= 1
    kept = "\n".join(lines[:start] + lines[end:])
    if len(mapping.value) > 1:
        return kept
    colon = kept.index(":", key_node.end_mark.index) + 1
    return kept[:colon] + " {}" + kept[colon:]


def _child(node: Any, key: str) -> tuple[Any, Any] | None:
    """The nodes of a key and of its value."""
    if not isinstance(node, yaml.MappingNode):
        return None
    found = [(one, value) for one, value in node.value if one.value == key]
    if len(found) > 1:
        raise CantChange(f"names `{key}` twice")
    return found[0] if found else None


def _last(node: Any) -> Any:
    """The value that stands last in a block: if it is a text, its last lines may look like comments."""
    while isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        node = node.value[-1][1] if isinstance(node, yaml.MappingNode) else node.value[-1]
    return node


def _line_behind(node: Any, lines: Sequence[str]) -> int:
    """The number of the line that follows a value. A block ends where the next thing begins, or the text does."""
    mark = node.end_mark
    is_block = isinstance(node, yaml.MappingNode) and not node.flow_style
    ends_here = (is_block or mark.column == 0) and not (
        mark.line == len(lines) - 1 and mark.column == len(lines[-1]) > 0
    )
    return int(mark.line if ends_here else mark.line + 1)


def _opened(text: str, key: str, mapping: Any) -> str:
    """The text with nothing behind the key, where ``{}``, ``null`` or nothing stood."""
    start, end = mapping.start_mark.index, mapping.end_mark.index
    if "#" in text[start:end]:
        raise CantChange(_ADDED.format(key))
    return text[:start].rstrip() + text[end:]


def _check_not_merged(node: Any, key: str) -> None:
    """A mapping that a merge key names may serve others too, so nothing is taken out there."""
    if _merges(node, key):
        raise CantChange(f"takes `{key}` from another place by a merge key (`<<`), and can be changed only there")


def _merges(node: Any, key: str) -> bool:
    if not isinstance(node, yaml.MappingNode):
        return False
    named = [value for one, value in node.value if one.tag == "tag:yaml.org,2002:merge"]
    sources = [one for each in named for one in (each.value if isinstance(each, yaml.SequenceNode) else [each])]
    return any(_child(source, key) is not None or _merges(source, key) for source in sources)


def _indented(value: Mapping[str, Any], end_of_line: str, indent: str) -> str:
    return "".join(f"{indent}{line}{end_of_line}" for line in written(value).splitlines())
