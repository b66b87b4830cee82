"""A working folder in which a stranger left files that are called like modules: nothing of ours runs them."""

import json
import os
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from rememberizer_mcp.server.doctor.report import Finding
from rememberizer_mcp.server.hosts.block import Block, own_block, runs_what_lies_about
from rememberizer_mcp.server.hosts.system import this_system
from rememberizer_mcp.server.hosts.table import HOSTS

from tests.server.doctor.test_entries import found
from tests.support.process import SERVE, modern
from tests.support.secret_service import bare_environment

MODULES = ("json.py", "click.py", "rememberizer_mcp/__init__.py", "anyio/__init__.py")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Each module there says that it ran."""
    folder = tmp_path / "theirs"
    for name in MODULES:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("open('RAN', 'a').write(__file__)\n")
    return folder


@pytest.mark.traced
@pytest.mark.promise("install:command:no-strangers-code")
def test_the_entry_of_an_installation_without_a_script_runs_none_of_it(folder: Path, tmp_path: Path) -> None:
    block = own_block(replace(this_system(), scripts=tmp_path), sandbox=True)
    done = subprocess.run(
        [block.command, *block.args], cwd=folder, env=bare_environment(tmp_path) | block.env,
        input=json.dumps(modern(1, "tools/list")).encode() + b"\n", capture_output=True, timeout=60, check=True,
    )  # fmt: skip
    assert b'"name":"session_status"' in done.stdout
    assert not (folder / "RAN").exists()


@pytest.mark.exhaustive
@pytest.mark.promise("install:command:no-strangers-code")
def test_the_demo_runs_none_of_it(folder: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [SERVE[0], "-P", *SERVE[1:], "demo"], cwd=folder, env=bare_environment(tmp_path) | {"PATH": os.devnull},
        capture_output=True, timeout=100, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, b"")
    assert not (folder / "RAN").exists()


OLD: tuple[str, ...] = (
    "-m rememberizer_mcp.server",
    "-m rememberizer_mcp.server --sandbox",
    "-u -m rememberizer_mcp.server",
)
OLD += ("-um rememberizer_mcp.server", "-mrememberizer_mcp.server", "run python -m rememberizer_mcp.server")
OLD += (
    "-m rememberizer_mcp.server -P",
    "run rememberizer-mcp",
    "run rememberizer-mcp --sandbox",
    "--PI -m rememberizer_mcp.server",
)
SAFE: tuple[str, ...] = (
    "-P -m rememberizer_mcp.server",
    "-Im rememberizer_mcp.server",
    "-uP -m rememberizer_mcp.server --sandbox",
)
SAFE += ("rememberizer-mcp", "run --spec rememberizer-mcp rememberizer-mcp", "--sandbox", "-m rememberizer_mcp.servers")
SAFE += ("x-m rememberizer_mcp.server", "-m other", "tool run rememberizer-mcp")


@pytest.mark.promise("install:command:no-strangers-code")
@pytest.mark.parametrize("line", OLD + SAFE)
def test_the_doctor_warns_of_an_entry_that_would_run_it(line: str, tmp_path: Path) -> None:
    text = json.dumps({"mcpServers": {"rememberizer-sandbox": {"command": "/x", "args": line.split()}}})
    warnings = [each for each in found(tmp_path, "cursor", text) if isinstance(each, Finding)]
    path = tmp_path / "home" / ".cursor" / "mcp.json"
    form = "may run a file of the host's working folder instead of the server."
    step = "Run `rememberizer-mcp install cursor --sandbox`, which renews it. " + HOSTS["cursor"].next_step
    said = (f"Cursor (sandbox): our entry in {path} {form}", step)
    assert [(each.text, each.next_step) for each in warnings] == ([said] if line in OLD else [])


@pytest.mark.promise("install:command:no-strangers-code")
def test_a_variable_of_the_entry_makes_it_safe_too() -> None:
    args = ["-m", "rememberizer_mcp.server"]
    assert not runs_what_lies_about(Block(command="/x", args=args, env={"PYTHONSAFEPATH": "1"}))
    assert runs_what_lies_about(Block(command="/x", args=args, env={"PYTHONSAFEPATH": ""}))
