"""The README tells the truth: its tables are those of the code, and its snippets run."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from rememberizer_mcp.server import __version__
from rememberizer_mcp.server.errors import RememberizerError
from rememberizer_mcp.server.settings import SECRETS, Settings, variable
from rememberizer_mcp.tools.toolsets import BUILDERS

from tests.support.process import clean_environment

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def table(name: str) -> list[str]:
    """The rows between two markers, without the two of the head."""
    found = re.search(rf"<!-- {name} -->\n(.*?)\n<!-- /{name} -->", README, re.DOTALL)
    assert found is not None
    return found.group(1).splitlines()[2:]


def snippets(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


def shown_default(value: Any) -> str:
    """A setting's default as somebody would write it."""
    match value:
        case None | ():
            return ""
        case bool():
            return "`on`" if value else "`off`"
        case tuple():
            return f"`{','.join(value)}`"
        case _:
            return f"`{value}`"


def codes(base: type[RememberizerError]) -> list[type[RememberizerError]]:
    """The classes with a code of their own, in the order of the tree."""
    found = [base] if "code" in vars(base) else []
    return found + [each for child in base.__subclasses__() for each in codes(child)]


@pytest.mark.promise("D38")
def test_the_table_of_tools_is_the_servers() -> None:
    rows = [
        f"| `{toolset}` | `{tool.name}` | {', '.join(f'`{name}`' for name in tool.parameters['properties'])} "
        f"| {tool.title} |"
        for toolset, builder in BUILDERS.items()
        for tool in builder(Settings())
    ]
    assert table("tools") == rows


@pytest.mark.promise("D38")
def test_the_table_of_settings_is_the_codes() -> None:
    rows = []
    for name, field in Settings.model_fields.items():
        if name == "sandbox":
            continue
        shown = shown_default(field.default)
        file = ", `…_FILE`" if name in SECRETS else ""
        rows.append(f"| `{variable(name)}`{file} | {shown} | {field.description} |")
    assert table("settings") == rows


@pytest.mark.promise("D38")
def test_the_table_of_errors_is_the_codes() -> None:
    rows = [
        f"| `{each.code}` | {each.sentence} | {'yes' if each.retryable else 'no'} |"
        for each in codes(RememberizerError)
    ]
    assert table("errors") == rows


@pytest.mark.promise("D38")
def test_the_host_block_is_the_shipped_file() -> None:
    (block,) = snippets("json")
    assert json.loads(block) == json.loads((ROOT / "mcp.json").read_text(encoding="utf-8"))


@pytest.mark.promise("D38")
def test_the_python_snippet_runs_and_prints_what_it_says(tmp_path: Path) -> None:
    (snippet,) = snippets("python")
    environment = clean_environment() | {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "XDG_RUNTIME_DIR": str(tmp_path),
    }
    done = subprocess.run(
        [sys.executable, "-c", snippet], env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "unverified\n", "")
    assert f"prints `{done.stdout.strip()}`" in README


@pytest.mark.promise("D38")
def test_the_two_commands_are_targets_of_the_makefile() -> None:
    commands = [line for snippet in snippets("sh") for line in snippet.splitlines()]
    assert commands == ["make demo", "make test"]
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for command in [
        *commands,
        *(f"make {name}" for name in ["lint", "types", "coverage", "bench", "snapshots", "pictures", "dist", "lock"]),
    ]:
        assert re.search(rf"^{command.removeprefix('make ')}:", makefile, re.MULTILINE)


def test_the_changelog_has_this_version() -> None:
    assert f"## [{__version__}]" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
