"""``install`` and ``uninstall`` where an entry of our name is not of our making."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from rememberizer_mcp.server.cli.commands import main

from tests.support.secret_service import bare_environment

OURS = str(Path(sys.executable).with_name("rememberizer-mcp"))
REMOTE = {"url": "https://mcp.example.org/?key=of-the-user"}
PROXIED = {
    "command": "npx",
    "args": ["mcp-remote", "https://mcp.example.org", "--header", "Authorization: of-the-user"],
}
ODD = {"command": ["of-the-user"]}


def run(home: Path, *arguments: str) -> str:
    result = CliRunner().invoke(main, arguments, env={"HOME": str(home)})
    assert result.exit_code == 0, result.output
    return result.output


def agreed(home: Path, *arguments: str) -> str:
    """What is said at a terminal where somebody agrees."""
    ours, theirs = os.openpty()
    os.write(ours, b"y\n")
    done = subprocess.run(
        [OURS, *arguments], stdin=theirs, env=bare_environment(home), capture_output=True, text=True, timeout=60,
        check=True,
    )  # fmt: skip
    os.close(ours)
    os.close(theirs)
    return done.stdout


def cursor(home: Path, entry: Any) -> Path:
    """Cursor's file with an entry of our name."""
    file = home / ".cursor" / "mcp.json"
    file.parent.mkdir(exist_ok=True)
    file.write_text(json.dumps({"mcpServers": {"rememberizer": entry}}))
    return file


@pytest.mark.traced
@pytest.mark.promise("install:file:replaced-at-once")
@pytest.mark.parametrize("entry", [REMOTE, PROXIED, ODD], ids=["remote", "proxied", "odd"])
@pytest.mark.parametrize("first", ["install cursor --yes", "uninstall cursor"])
def test_an_entry_of_somebody_else_is_kept_whatever_we_do_later(first: str, entry: Any, tmp_path: Path) -> None:
    file = cursor(tmp_path, entry)
    original, kept = file.read_bytes(), file.with_name("mcp.json.rememberizer-replaced")
    assert f"Before: {kept}\n" in agreed(tmp_path, *first.split())
    for later in ("install cursor --sandbox", "uninstall cursor", "install cursor", "uninstall cursor"):
        run(tmp_path, *later.split())
    assert kept.read_bytes() == original


@pytest.mark.promise("install:file:replaced-at-once")
def test_each_entry_of_somebody_else_is_kept_in_a_file_of_its_own(tmp_path: Path) -> None:
    for entry in (REMOTE, PROXIED, ODD):
        cursor(tmp_path, entry)
        run(tmp_path, "uninstall", "cursor")
    names = [f"mcp.json.rememberizer-replaced{number}" for number in ("", "-2", "-3")]
    kept = [json.loads((tmp_path / ".cursor" / name).read_text()) for name in names]
    assert [each["mcpServers"]["rememberizer"] for each in kept] == [REMOTE, PROXIED, ODD]


@pytest.mark.parametrize(
    "line",
    [
        "/old/bin/rememberizer-mcp",
        r"C:\old\rememberizer-mcp.exe --sandbox",
        "/old/bin/python -m rememberizer_mcp.server",
        "uvx rememberizer-mcp",
        "/old/uvx --from rememberizer-mcp[keyring] rememberizer-mcp --sandbox",
        "/old/uv tool run rememberizer-mcp",
        "/old/uv tool run --from rememberizer-mcp[keyring] rememberizer-mcp",
        "/old/pipx run rememberizer-mcp",
        "/old/pipx run --spec rememberizer-mcp rememberizer-mcp",
        "/old/pipx run --spec rememberizer-mcp[keyring] rememberizer-mcp --sandbox",
        "/old/bin/python -P -m rememberizer_mcp.server --sandbox",
    ],
)
def test_an_entry_that_we_made_elsewhere_is_no_other(line: str, tmp_path: Path) -> None:
    command, *args = line.split()
    file = cursor(tmp_path, {"command": command, "args": args, "env": {"REMEMBERIZER_EMAIL": "ada@example.org"}})
    assert f"Before: {file}.rememberizer-undo\n" in run(tmp_path, "install", "cursor", "--yes")


@pytest.mark.promise("install:entry:yes-is-for-ours")
@pytest.mark.parametrize(
    "line",
    [
        "/bin/rememberizer-mcp serve",
        "uvx rememberizer-mcp==1.0",
        "/bin/other",
        "uvx --from https://x.example/ rememberizer-mcp",
        "uvx --from rememberizer-mcp other",
        "/bin/pipx run --spec x.whl rememberizer-mcp",
        "/bin/uv tool run --from rememberizer-mcp[keyring]==1 rememberizer-mcp",
        "/bin/python -P -m rememberizer_mcp.server serve",
    ],
)
def test_a_command_that_somebody_changed_is_theirs(line: str, tmp_path: Path) -> None:
    command, *args = line.split()
    file = cursor(tmp_path, {"command": command, "args": args})
    before = file.read_bytes()
    result = CliRunner().invoke(main, ("install", "cursor", "--yes"), env={"HOME": str(tmp_path)})
    assert result.exit_code == 1
    assert result.output.endswith("It was left alone; --yes overwrites entries of our making only.\n")
    assert file.read_bytes() == before
    assert f"Before: {file}.rememberizer-replaced\n" in run(tmp_path, "uninstall", "cursor")


@pytest.mark.promise("install:entry:yes-is-for-ours")
def test_an_entry_that_names_where_we_came_from_is_no_other(tmp_path: Path) -> None:
    named = "rememberizer-mcp[keyring] @ git+https://git.example/r@abc#subdirectory=x"
    for args in (["--from", named, "rememberizer-mcp"], ["run", "--spec", named, "rememberizer-mcp"]):
        file = cursor(tmp_path, {"command": "/old/runner", "args": args})
        assert f"Before: {file}.rememberizer-undo\n" in run(tmp_path, "install", "cursor", "--yes")


@pytest.mark.promise("install:file:replaced-at-once")
def test_an_entry_for_a_folder_alone_is_left_alone_and_named(tmp_path: Path) -> None:
    local = {"/home/ada/p": {"mcpServers": {"rememberizer": {"command": "/x"}}}}
    (tmp_path / ".claude.json").write_text(json.dumps({"projects": local}))
    told = "Left alone: one of its own there, which Claude Code takes in /home/ada/p.\n"
    for command in ("uninstall", "install", "install", "uninstall"):
        assert told in run(tmp_path, command, "claude-code")
    assert told not in run(tmp_path, "install", "claude-code", "--sandbox")
    assert json.loads((tmp_path / ".claude.json").read_text())["projects"] == local


def test_of_an_entry_that_says_nothing_nothing_is_lost(tmp_path: Path) -> None:
    file = cursor(tmp_path, None)
    assert f"Before: {file}.rememberizer-undo\n" in run(tmp_path, "install", "cursor", "--yes")


SECRET = "sk_c4n4ryc4n4ryc4n4ry"
NAMES = [f"TOKEN={SECRET}", f"Authorization: Bearer {SECRET}", SECRET]


@pytest.mark.promise("install:secrets:names")
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("command", ["/other", "/old/rememberizer-mcp"])
def test_a_name_that_holds_a_secret_is_shown_nowhere(name: str, command: str, tmp_path: Path) -> None:
    entry = {"command": command, "env": {name: ""}, name: {name: [{name: 1}]}, "headers": {name: ""}}
    cursor(tmp_path, entry)
    said = ""
    for words in (
        ("install", "--dry-run"), ("uninstall", "--dry-run"), ("install",), ("install", "--yes"), ("uninstall",),
    ):  # fmt: skip
        home = {"HOME": str(tmp_path), f"REMEMBERIZER_{name.replace('=', '-')}": "x"}
        said += CliRunner().invoke(main, (words[0], "cursor", *words[1:]), env=home).output
    assert ("headers" in said, SECRET in said) == (True, False)
