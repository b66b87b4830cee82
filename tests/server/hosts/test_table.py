"""Where each host keeps its file on each system, as its own documentation says."""

from pathlib import Path
from typing import Any

import pytest
from rememberizer_mcp.server.cli.commands import HOST_NAMES
from rememberizer_mcp.server.hosts.block import Block
from rememberizer_mcp.server.hosts.table import HOSTS

from tests.support.systems import a_system

PATHS = {
    "claude-desktop": {
        "darwin": "Library/Application Support/Claude/claude_desktop_config.json",
        "win32": "AppData/Roaming/Claude/claude_desktop_config.json",
        "linux": ".config/Claude/claude_desktop_config.json",
    },
    "claude-code": dict.fromkeys(("darwin", "win32", "linux"), ".claude.json"),
    "cursor": dict.fromkeys(("darwin", "win32", "linux"), ".cursor/mcp.json"),
    "vscode": {
        "darwin": "Library/Application Support/Code/User/mcp.json",
        "win32": "AppData/Roaming/Code/User/mcp.json",
        "linux": ".config/Code/User/mcp.json",
    },
    "codex": dict.fromkeys(("darwin", "win32", "linux"), ".codex/config.toml"),
    "gemini-cli": dict.fromkeys(("darwin", "win32", "linux"), ".gemini/settings.json"),
    "goose": {
        "darwin": ".config/goose/config.yaml",
        "win32": "AppData/Roaming/Block/goose/config/config.yaml",
        "linux": ".config/goose/config.yaml",
    },
}


def test_the_command_line_names_every_host() -> None:
    assert tuple(HOSTS) == HOST_NAMES == tuple(PATHS)


@pytest.mark.promise("install:file:found")
@pytest.mark.parametrize("platform", ["darwin", "win32", "linux"])
@pytest.mark.parametrize("name", PATHS)
def test_each_host_is_found_on_each_system(name: str, platform: Any, tmp_path: Path) -> None:
    system = a_system(tmp_path, platform)
    assert HOSTS[name].path(system) == system.home / PATHS[name][platform]


@pytest.mark.promise("install:file:found")
@pytest.mark.parametrize(
    ("name", "platform", "variable", "below"),
    [
        ("claude-desktop", "win32", "APPDATA", "Claude/claude_desktop_config.json"),
        ("claude-desktop", "linux", "XDG_CONFIG_HOME", "Claude/claude_desktop_config.json"),
        ("claude-code", "linux", "CLAUDE_CONFIG_DIR", ".claude.json"),
        ("vscode", "linux", "XDG_CONFIG_HOME", "Code/User/mcp.json"),
        ("codex", "darwin", "CODEX_HOME", "config.toml"),
        ("goose", "darwin", "XDG_CONFIG_HOME", "goose/config.yaml"),
        ("goose", "win32", "APPDATA", "Block/goose/config/config.yaml"),
        ("goose", "win32", "GOOSE_PATH_ROOT", "config/config.yaml"),
        ("gemini-cli", "darwin", "GEMINI_CLI_HOME", ".gemini/settings.json"),
    ],
)
def test_a_variable_moves_it_by_an_absolute_path(
    name: str, platform: Any, variable: str, below: str, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "else where"
    moved = a_system(tmp_path, platform, environ={variable: str(elsewhere)})
    assert HOSTS[name].path(moved) == elsewhere / below
    unmoved = a_system(tmp_path, platform, environ={variable: "relative"})
    assert HOSTS[name].path(unmoved) == unmoved.home / PATHS[name][platform]


@pytest.mark.promise("install:file:found")
def test_the_packaged_claude_desktop_of_windows_has_a_folder_of_its_own(tmp_path: Path) -> None:
    system = a_system(tmp_path, "win32")
    package = system.home / "AppData" / "Local" / "Packages" / "Claude_pzs8sxrjxfjjc"
    package.mkdir(parents=True)
    find = HOSTS["claude-desktop"].path
    packaged = package / "LocalCache" / "Roaming" / "Claude" / "claude_desktop_config.json"
    assert find(system) == packaged
    usual = system.home / PATHS["claude-desktop"]["win32"]
    for path, found in ((usual, usual), (packaged, packaged)):
        path.parent.mkdir(parents=True)
        path.touch()
        assert find(system) == found


@pytest.mark.parametrize("host", HOSTS.values(), ids=lambda host: host.name)
def test_a_block_is_found_again_in_its_entry(host: Any) -> None:
    block = Block(command="/x", args=["--sandbox"], env={"A": "b"})
    assert host.block(host.entry(block, "rememberizer")) == block
    command, args, env = host.names
    assert host.block({command: "/x", args: None}) == Block(command="/x")
    for odd in ({}, {command: 1}, {command: "/x", args: "y"}, {command: "/x", env: []}):
        assert host.block(odd) is None
