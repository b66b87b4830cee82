"""The house: which room may import which, and how large its furniture is."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FLOORS = (
    {"server.errors", "server.stdio.front", "server.logs.line_writer", "server.hosts.interruption", "server", "server.hosts.secret_forms"}
    | {"server.stdio.malformed", "server.connections"},
    {"server.hosts", "server.logs.redaction", "server.settings.values"},
    {"server.settings.settings", "server.sessions.flight", "server.sessions.limiter"},
    {"server.sessions.keychain"},
    {"server.api"},
    {"server.sessions.states", "server.sessions.keeping", "server.sessions.meant", "server.sessions.overtaken"},
    {"server.sessions.grant"},
    {"server.sessions.session"},
    {"server.sessions.store"},
    {"server.signin"},
    {"server.sandbox"},
    {"tools"},
    {"server.mcp_server"},
    {"server.app", "server.cli.person"},
    {"server.stdio.serving", "server.cli.demo", "server.doctor"},
    {"server.cli.bash_completion", "server.cli.installing", "server.cli.wording"},
    {"server.cli.commands"},
    {"server.__main__"},
)
MOST_LINES = 300
MOST_FUNCTION_LINES = 50
SOURCES = sorted([*ROOT.glob("server/**/*.py"), *ROOT.glob("tools/**/*.py")])


def module_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def room_of(module: str) -> str:
    if module.startswith(("server.api", "server.doctor", "server.hosts", "server.sandbox", "server.signin")):
        return ".".join(module.split(".")[:2])
    return "tools" if module.startswith("tools") else module


def imports_of(path: Path) -> Iterator[str]:
    """Every module of ours, or top-level name of others, that the file imports, anywhere in it."""
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


def floor_of(module: str) -> int:
    room = room_of(module)
    return next(number for number, rooms in enumerate(FLOORS) if room in rooms)


@pytest.mark.promise("D52")
@pytest.mark.parametrize("path", SOURCES, ids=module_of)
def test_a_room_imports_only_from_rooms_below_it(path: Path) -> None:
    here = module_of(path)
    ours = [module for module in imports_of(path) if module.startswith(("server", "tools"))]
    assert not [module for module in ours if room_of(module) != room_of(here) and floor_of(module) >= floor_of(here)]


@pytest.mark.promise("D52")
@pytest.mark.parametrize("path", SOURCES, ids=module_of)
def test_httpx_stays_in_one_room_and_the_sandbox_apart(path: Path) -> None:
    room, found = room_of(module_of(path)), set(imports_of(path))
    assert room == "server.api" or "httpx" not in found
    if room == "server.sandbox":
        ours = {module for module in found if module.startswith(("server", "tools")) and room_of(module) != room}
        assert ours <= {"server.connections"}
    elif room not in ("server.app", "server.cli.commands", "server.cli.demo"):
        assert not [module for module in found if room_of(module) == "server.sandbox"]


@pytest.mark.parametrize("path", SOURCES, ids=module_of)
def test_files_and_functions_fit_in_the_eye(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count("\n") <= MOST_LINES
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert (node.end_lineno or 0) - node.lineno < MOST_FUNCTION_LINES, node.name
