"""The house: what no room may import, and how large its furniture is."""

import ast
from pathlib import Path

import pytest

from tests.support.house import HOUSES, ROOT, SOURCES, arrows_of, floors_of, imports_of, module_of, room_of

ORDER = [
    *("server.errors", "server.meter", "server.loopback", "server.logs", "server.hosts", "server.settings"),
    *("server.sandbox", "server.api", "server.stdio", "server.sessions", "server.signin", "server.clients", "tools"),
    *("server.app", "server.http", "server.doctor", "server.cli", "server.__main__"),
]
"""The rooms from the ground up: each imports from those before it only."""
OURS = sorted([*SOURCES, *ROOT.glob("tests/**/*.py"), *ROOT.glob("bundle/**/*.py")])
MOST_LINES = 300
MOST_FUNCTION_LINES = 50


@pytest.mark.promise("repository:rooms:imports")
@pytest.mark.parametrize("room", ORDER)
def test_a_room_imports_only_from_rooms_below_it(room: str) -> None:
    assert not {each for each in arrows_of("server")[room] if ORDER.index(each) >= ORDER.index(room)}


@pytest.mark.promise("repository:rooms:imports")
@pytest.mark.parametrize("house", HOUSES)
def test_no_rooms_import_from_each_other_in_a_circle(house: str) -> None:
    assert {room for floor in floors_of(house) for room in floor} == set(arrows_of(house))


@pytest.mark.promise("repository:rooms:imports")
@pytest.mark.parametrize("path", SOURCES, ids=module_of)
def test_httpx_stays_in_one_room_and_the_sandbox_apart(path: Path) -> None:
    room, found = room_of(module_of(path), house="server"), imports_of(path)
    rooms = {room_of(module, house="server") for module in found} - {room, None}
    assert room == "server.api" or "httpx" not in found
    if room == "server.sandbox":
        assert rooms <= {"server.loopback"}
    elif room not in ("server.app", "server.cli"):
        assert "server.sandbox" not in rooms


def test_files_and_functions_fit_in_the_eye() -> None:
    texts = {path: path.read_text(encoding="utf-8") for path in OURS}
    assert not [path for path, text in texts.items() if text.count("\n") > MOST_LINES]
    assert not [
        (path, node.name)
        for path, text in texts.items()
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or 0) - node.lineno >= MOST_FUNCTION_LINES
    ]
