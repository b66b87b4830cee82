"""``install`` and ``uninstall`` where an entry of our name is not of our making."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from rememberizer_mcp.server.cli import main

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


def cursor(home: Path, entry: Any) -> Path:
    """Cursor's file with an entry of our name."""
    file = home / ".cursor" / "mcp.json"
    file.parent.mkdir(exist_ok=True)
    file.write_text(json.dumps({"mcpServers": {"rememberizer": entry}}))
    return file


@pytest.mark.promise("D113")
@pytest.mark.parametrize("entry", [REMOTE, PROXIED, ODD], ids=["remote", "proxied", "odd"])
@pytest.mark.parametrize("first", ["install cursor --yes", "uninstall cursor"])
def test_an_entry_of_somebody_else_is_kept_whatever_we_do_later(first: str, entry: Any, tmp_path: Path) -> None:
    file = cursor(tmp_path, entry)
    original, kept = file.read_bytes(), file.with_name("mcp.json.rememberizer-replaced")
    assert f"Before: {kept}\n" in run(tmp_path, *first.split())
    for later in ("install cursor --sandbox", "uninstall cursor", "install cursor", "uninstall cursor"):
        run(tmp_path, *later.split())
    assert kept.read_bytes() == original


@pytest.mark.promise("D113")
def test_each_entry_of_somebody_else_is_kept_in_a_file_of_its_own(tmp_path: Path) -> None:
    for entry in (REMOTE, PROXIED, ODD):
        cursor(tmp_path, entry)
        run(tmp_path, "install", "cursor", "--yes")
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
    ],
)
def test_an_entry_that_we_made_elsewhere_is_no_other(line: str, tmp_path: Path) -> None:
    command, *args = line.split()
    file = cursor(tmp_path, {"command": command, "args": args, "env": {"REMEMBERIZER_EMAIL": "ada@example.org"}})
    assert f"Before: {file}.rememberizer-undo\n" in run(tmp_path, "install", "cursor", "--yes")


@pytest.mark.parametrize("line", ["/bin/rememberizer-mcp serve", "uvx rememberizer-mcp==1.0", "/bin/other"])
def test_a_command_that_somebody_changed_is_theirs(line: str, tmp_path: Path) -> None:
    command, *args = line.split()
    file = cursor(tmp_path, {"command": command, "args": args})
    assert f"Before: {file}.rememberizer-replaced\n" in run(tmp_path, "install", "cursor", "--yes")


@pytest.mark.promise("D113")
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
