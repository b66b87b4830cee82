"""What the pages say of the house: its floors, and the sandbox's variants."""

import ast
from dataclasses import fields
from pathlib import Path
from typing import Any, get_args

from rememberizer_mcp.server.sandbox.config import Variants

from tests.docs.markdown import table
from tests.support.house import HOUSES, ROOT, arrows_of, floors_of
from tests.test_architecture import MOST_FUNCTION_LINES, MOST_LINES

_OTHERS = {"access_cookie": ", or any other name"}


def floors_table() -> str:
    """Each house's rooms by floor, with the first sentence of their docstrings, and the limits of files."""
    limits = f"A file has at most {MOST_LINES} lines, and a function at most {MOST_FUNCTION_LINES}."
    return "\n\n".join([*(_house(house) for house in HOUSES), limits])


def _house(house: str) -> str:
    floors, arrows = floors_of(house), arrows_of(house)
    rows = [f"{number} | `{room}` | {_first_sentence(room)}" for number, rooms in enumerate(floors) for room in rooms]
    size = f"{len(arrows)} rooms on {len(floors)} floors, {sum(map(len, arrows.values()))} arrows."
    return f"`{house.replace('.', '/')}/`: {size}\n\n{table('floor | room | what it is', rows)}"


def variants_table() -> str:
    """Each variant with its values, the usual one first."""
    rows = []
    for option in fields(Variants):
        usual = _word(option.default)
        words = [usual, *(word for word in _words(option.type) if word != usual)]
        rows.append(f"`{option.name}` | {', '.join(f'`{word}`' for word in words)}{_OTHERS.get(option.name, '')}")
    return table("name | values", rows)


def _words(annotation: Any) -> list[str]:
    return [_word(each) for each in ((True, False) if annotation is bool else get_args(annotation))]


def _word(value: Any) -> str:
    return ("on" if value else "off") if isinstance(value, bool) else str(value)


def _first_sentence(room: str) -> str:
    path = ROOT.joinpath(*room.split("."))
    source = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    return _docstring(source).split("\n\n")[0].replace("\n", " ")


def _docstring(path: Path) -> str:
    return ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
