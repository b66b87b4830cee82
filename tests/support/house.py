"""The rooms of the code, the arrows between them, and the floors that follow, all read from the imports."""

import ast
from collections.abc import Iterator
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCES = sorted([*ROOT.glob("server/**/*.py"), *ROOT.glob("tools/**/*.py")])
HOUSES = ("server", "tools", "server.sandbox")
"""The packages whose rooms are looked at.

A room is what stands directly in one of them: a module, or a package with all that it holds.
"""


def module_of(path: Path) -> str:
    """A file's module, without the name of the distribution: ``server.api.client``."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def imports_of(path: Path) -> frozenset[str]:
    """Every module of ours, or top-level name of others, that a file imports, anywhere in it."""
    return frozenset(_imports_of(path))


def _imports_of(path: Path) -> Iterator[str]:
    package = module_of(path) if path.name == "__init__.py" else module_of(path).rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield node.module or ""
        elif isinstance(node, ast.ImportFrom):
            above = ("rememberizer_mcp." + package).split(".")
            base = ".".join(above[: len(above) - node.level + 1]).removeprefix("rememberizer_mcp").lstrip(".")
            for alias in node.names:
                full = ".".join(filter(None, (base, node.module, alias.name)))
                exists = (ROOT / full.replace(".", "/")).with_suffix(".py").exists()
                yield full if exists else full.rpartition(".")[0]


def room_of(module: str, *, house: str) -> str | None:
    """The room of a house in which a module stands: none for the house itself, nor for a module elsewhere.

    For the house ``server``, all of ``tools`` is one room more.
    """
    if house == "server" and module.split(".", maxsplit=1)[0] == "tools":
        return "tools"
    inside = module.removeprefix(house + ".")
    return None if inside == module else f"{house}.{inside.split('.')[0]}"


def arrows_of(house: str) -> dict[str, set[str]]:
    """For each room of a house, the rooms that it imports from."""
    arrows: dict[str, set[str]] = {}
    for path in SOURCES:
        if room := room_of(module_of(path), house=house):
            found = {found for module in imports_of(path) if (found := room_of(module, house=house))}
            arrows.setdefault(room, set()).update(found - {room})
    return arrows


def floors_of(house: str) -> list[list[str]]:
    """The rooms of a house by floor: each one directly above the highest that it imports from.

    Raises:
        CycleError: Rooms import from each other in a circle.
    """
    sorter = TopologicalSorter(arrows_of(house))
    sorter.prepare()
    floors = []
    while ready := sorted(sorter.get_ready()):
        floors.append(ready)
        sorter.done(*ready)
    return floors
