"""What each subcommand imports, as the interpreter itself tells it of the real command."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.process import Process, clean_environment, modern

SERVER = "rememberizer_mcp.server"
TOLD = (sys.executable, "-X", "importtime", "-m", SERVER)
"""The command; a line about each import goes to stderr."""
FRAME = {f"{SERVER}.{name}" for name in ("cli", "cli.commands", "cli.wording", "stdio", "stdio.front")}
HEAVY = {"anyio", "httpx", "jinja2", "keyring", "mcp", "packaging", "playwright", "pydantic", "tomli_w", "yaml"}
OF_OTHER_COMMANDS = {f"{SERVER}.{name}" for name in ("cli.demo", "cli.installing", "doctor", "hosts")}


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return clean_environment() | {"HOME": str(tmp_path), "XDG_RUNTIME_DIR": str(tmp_path)}


def imported(told: str) -> set[str]:
    """The modules that were imported."""
    return {line.rpartition("|")[2].strip() for line in told.splitlines() if line.startswith("import time:")}


def imported_by(*arguments: str, environment: dict[str, str]) -> set[str]:
    """The modules that this command imported until its end."""
    done = subprocess.run(
        [*TOLD, *arguments], env=environment, input="", capture_output=True, text=True, timeout=60, check=False
    )
    assert "Traceback" not in done.stderr
    names = imported(done.stderr)
    assert f"{SERVER}.cli" in names
    return names


@pytest.mark.promise("sign-in:start:not-imported")
@pytest.mark.parametrize("arguments", [(), pytest.param(("serve",), marks=pytest.mark.exhaustive), ("--sandbox",)])
def test_a_server_imports_nothing_of_the_other_commands(
    arguments: tuple[str, ...], environment: dict[str, str], tmp_path: Path
) -> None:
    with (
        (tmp_path / "told").open("w+") as told,
        subprocess.Popen(
            [*TOLD, *arguments], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=told, bufsize=0
        ) as popen,
    ):
        process = Process(popen)
        assert "error" not in process.ask(modern(1, "tools/call", name="session_status", arguments={}))
        process.stdin.close()
        assert popen.wait(timeout=60) == 0
        told.seek(0)
        names = imported(told.read())
    assert {"mcp", "rememberizer_mcp.tools.base.sign_in"} <= names
    assert names.isdisjoint(OF_OTHER_COMMANDS | {"packaging", "playwright", "tomli_w", "yaml"})


@pytest.mark.parametrize(
    "arguments",
    [
        ("--version",),
        ("serve", "--help"),
        ("demo", "--help"),
        ("sandbox", "--help"),
        ("sandbox", "outbox", "--help"),
        ("completion", "bash"),
        ("install", "--help"),
        ("install", "nope"),
        ("uninstall", "--help"),
        ("doctor", "--help"),
    ],
    ids=" ".join,
)
def test_what_only_prints_imports_nothing_of_any_command(
    arguments: tuple[str, ...], environment: dict[str, str]
) -> None:
    names = imported_by(*arguments, environment=environment)
    own = {f"{SERVER}.cli.bash_completion"} if "completion" in arguments else set()
    assert names.isdisjoint(HEAVY)
    assert {name for name in names if name.startswith(f"{SERVER}.")} == FRAME | own


def test_the_first_help_imports_only_what_knows_how_the_command_is_typed(environment: dict[str, str]) -> None:
    names = imported_by("--help", environment=environment)
    assert names.isdisjoint(HEAVY)
    hosts = {f"{SERVER}.hosts{name}" for name in ("", ".block", ".system")}
    assert {name for name in names if name.startswith(f"{SERVER}.")} == FRAME | hosts


@pytest.mark.traced
@pytest.mark.parametrize(
    ("arguments", "own"),
    [
        (("install", "json"), {"cli.installing", "hosts", "tomli_w", "yaml"}),
        (("install", "cursor", "--dry-run"), {"cli.installing", "hosts", "tomli_w", "yaml"}),
        (("uninstall", "cursor"), {"cli.installing", "hosts", "tomli_w", "yaml"}),
        (("demo", "--variant", "nope"), {"anyio", "cli.demo", "mcp", "pydantic"}),
        (("sandbox", "--variant", "nope"), {"anyio", "jinja2", "pydantic"}),
        (("sandbox", "outbox"), set()),
        pytest.param(
            ("doctor", "--sandbox"),
            {"anyio", "doctor", "hosts", "packaging", "tomli_w", "yaml"},
            marks=pytest.mark.exhaustive,
        ),
    ],
)
def test_a_command_imports_nothing_that_is_only_anothers(
    arguments: tuple[str, ...], own: set[str], environment: dict[str, str]
) -> None:
    names = imported_by(*arguments, environment=environment)
    parts = {name.removeprefix(f"{SERVER}.") for name in names & (HEAVY | OF_OTHER_COMMANDS)}
    assert parts == own
