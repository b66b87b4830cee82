"""``YamlText``: YAML in which one entry of a block mapping comes or goes, and every other line stays as it is.

PyYAML says where keys and values stand; what it would write itself is used for our entry only. ruamel.yaml (0.19.1)
was tried: it writes other indents, spaces, ends of lines and escapes than it read, and reads `012` as a number.
"""

import re
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import yaml

from .files import CantChange

_WIDE = 1_000_000
"""Longer than any line of ours, so that none is folded."""
_AS_BLOCK = "(write it as a block, one line for each member)"
_MERGE = "tag:yaml.org,2002:merge"
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
    """It knows the words above and no others."""


class _Dumper(yaml.SafeDumper):
    """It quotes what either version would take for something else than a text."""


_Loader.yaml_implicit_resolvers = {}
for _tag, _pattern, _starts in _WORDS:
    for _side in (_Loader, _Dumper):
        _side.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(f"^(?:{_pattern})$"), [*_starts, ""])


class YamlText:
    """A text in YAML, which is read when ``value`` is asked for first."""

    def __init__(self, text: str) -> None:
        self.text = text

    @cached_property
    def value(self) -> dict[str, Any]:
        """The mapping that the text holds; an empty text holds an empty one."""
        try:
            # Constructing puts what a merge key names in the place of that key, in the nodes themselves.
            root = self._root if "<<" not in self.text else _composed(self.text)
            if root is None:
                return {}
            _check_size(root, len(self.text) * _UNFOLDED)
            value = _Loader("").construct_document(root)
        except yaml.MarkedYAMLError as error:
            mark, problem = error.problem_mark, error.problem or ""
            place = f" (line {mark.line + 1}, column {mark.column + 1})" if mark else ""
            is_tag = problem.startswith("could not determine a constructor")
            raise CantChange(f"{'holds a tag that is not known' if is_tag else 'is not valid YAML'}{place}") from None
        if value is not None and not isinstance(value, dict):
            raise CantChange("holds no YAML mapping")
        return value or {}

    @cached_property
    def _root(self) -> Any:
        return _composed(self.text)

    @staticmethod
    def written(value: Mapping[str, Any]) -> str:
        """The value as a text of its own."""
        return yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=_WIDE)

    def put(self, path: tuple[str, str], value: Mapping[str, Any]) -> str:
        """The text with an entry in the first place of the mapping, in place of the one that it had."""
        key, name = path
        found = _child(self._root, key)
        if found is None:
            _check_not_merged(self._root, key)
            return _with_lines(self.text, {key: {name: value}}, self._root.start_mark.index if self._is_open else -1)
        key_node, mapping = found
        if _child(mapping, name):
            return YamlText(self._without(path)).put(path, value)
        text, start, end = self.text, mapping.start_mark.index, mapping.end_mark.index
        is_empty = isinstance(mapping, yaml.ScalarNode) or not mapping.value  # `null`, nothing or `{}`
        if ("#" in text[start:end]) if is_empty else mapping.flow_style:
            raise CantChange(f"has `{key}` in a form that can't be added to without rewriting it {_AS_BLOCK}")
        if is_empty:
            text, indent = text[:start].rstrip() + text[end:], key_node.start_mark.column + 2
        else:
            indent = mapping.value[0][0].start_mark.column  # an anchor of the mapping stands before it
        line_end = text.find("\n", key_node.end_mark.index)
        return _with_lines(text, {name: value}, line_end + 1 if line_end >= 0 else -1, indent)

    @property
    def _is_open(self) -> bool:
        """Whether what is put behind the last line would change what that says, or stand outside of the document."""
        if self._root is None:
            return False
        last = _last(self._root)
        is_block = isinstance(last, yaml.ScalarNode) and last.style in ("|", ">")
        is_ended = "\n..." in "\n" + self.text[self._root.end_mark.index :]
        return is_ended or (is_block and not self.text.endswith("\n"))

    def drop(self, path: tuple[str, str]) -> str:
        """The text without the entry."""
        found = _child(self._root, path[0])
        _check_not_merged(*((found[1], path[1]) if found else (self._root, path[0])))
        return self._without(path)

    def _without(self, path: tuple[str, str]) -> str:
        """The text without an entry that stands in the mapping itself."""
        key_node, mapping = _child(self._root, path[0])
        if mapping.flow_style:
            raise CantChange(f"has `{path[0]}` in a form that can't be changed without rewriting it {_AS_BLOCK}")
        name_node, entry = _child(mapping, path[1])
        lines, start = self.text.split("\n"), name_node.start_mark.line
        end, end_of_last = (_line_behind(node, lines) for node in (entry, _last(entry)))
        while end > start + 1 and (not (line := lines[end - 1].strip()) or (line[0] == "#" and end > end_of_last)):
            end -= 1
        rest = "\n".join(lines[:start] + lines[end:])
        if len(mapping.value) > 1:
            return rest
        colon = rest.index(":", key_node.end_mark.index) + 1
        return rest[:colon] + " {}" + rest[colon:]


def _with_lines(text: str, value: Mapping[str, Any], at: int, indent: int = 0) -> str:
    """The text with a value as lines of their own at a position, or at its end if that is -1."""
    end_of_line = "\r\n" if "\r\n" in text else "\n"
    lines = "".join(f"{' ' * indent}{line}{end_of_line}" for line in YamlText.written(value).splitlines())
    if at >= 0:
        return text[:at] + lines + text[at:]
    return text + (end_of_line if text and not text.endswith("\n") else "") + lines


def _composed(text: str) -> Any:
    return _Loader(text).get_single_node()


def _check_size(root: Any, most: int) -> None:
    """Nothing, if the values below a node are not too many, each counted wherever an alias repeats it."""
    sizes: dict[int, int] = {}

    def size(node: Any) -> int:
        if not isinstance(node, yaml.CollectionNode):
            return 1
        if id(node) not in sizes:
            sizes[id(node)] = most + 1  # which is what it counts inside of itself
            inside = [each for pair in node.value for each in (pair if isinstance(pair, tuple) else (pair,))]
            sizes[id(node)] = 1 + sum(size(each) for each in inside)
        return sizes[id(node)]

    if size(root) > most:
        raise CantChange("repeats too much by its aliases, or something inside of itself")


def _child(node: Any, key: str) -> Any:
    """The nodes of a key and of its value, if a mapping has that key."""
    found = [pair for pair in node.value if pair[0].value == key] if isinstance(node, yaml.MappingNode) else []
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
    is_text_end = mark.line == len(lines) - 1 and mark.column == len(lines[-1]) > 0
    return int(mark.line) + (is_text_end or not (is_block or mark.column == 0))


def _check_not_merged(node: Any, key: str) -> None:
    """A mapping that a merge key names may serve others too, so nothing is taken out there."""
    if _merges(node, key):
        raise CantChange(f"takes `{key}` from another place by a merge key (`<<`), and can be changed only there")


def _merges(node: Any, key: str) -> bool:
    if not isinstance(node, yaml.MappingNode):
        return False
    named = [value for one, value in node.value if one.tag == _MERGE]
    sources = [one for each in named for one in (each.value if isinstance(each, yaml.SequenceNode) else [each])]
    return any(_child(source, key) is not None or _merges(source, key) for source in sources)
