"""``HOSTS``: where each host keeps its servers, and how an entry looks there.

The paths are those of the hosts' own documentation, read in November 2026:

- Claude Desktop: modelcontextprotocol.io, "Connect to local MCP servers"; the packaged Windows app sees its own copy
  of the roaming folder, and the usual one while it has none (anthropics/claude-code#26073, neon-solutions/add-mcp#114).
  Linux has no official build.
- Claude Code: ``~/.claude.json``, user scope; ``CLAUDE_CONFIG_DIR`` moves it (code.claude.com, "Settings"). The local
  scope stands there too, below ``projects``, and goes before it (code.claude.com, "MCP").
- Cursor: ``~/.cursor/mcp.json`` (cursor.com/docs, "MCP").
- VS Code: ``mcp.json`` in the user's profile (code.visualstudio.com, "Use MCP servers").
- Codex: ``config.toml`` in ``~/.codex`` or ``CODEX_HOME`` (developers.openai.com/codex, "MCP").
- Gemini CLI: ``~/.gemini/settings.json``, in which ``$NAME`` is filled too (its docs, "MCP servers with the Gemini
  CLI"); ``GEMINI_CLI_HOME`` stands for the home folder (its source, ``packages/core/src/utils/paths.ts``).
- Goose: ``config.yaml`` (block.github.io/goose, "Configuration files"); ``GOOSE_PATH_ROOT`` moves everything, if it is
  absolute (seen in programs that set it).

What a host refuses to read was tried with Claude Code 2.1.332 and Gemini CLI 0.61.0. Of Claude Desktop it is reported
(anthropics/claude-code#9906 and #81355, homeassistant-ai/ha-mcp#281).
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from .block import Block
from .json_text import Leniency
from .system import System

Form = Literal["json", "toml", "yaml"]


@dataclass(frozen=True, kw_only=True)
class Host:
    """A program that starts MCP servers."""

    name: str
    title: str
    path: Callable[[System], Path]
    next_step: str
    form: Form = "json"
    key: str = "mcpServers"
    """The member of the file that holds the servers."""
    extra: Mapping[str, Any] = field(default_factory=dict)
    """What an entry has there beside command, arguments and variables."""
    names: tuple[str, str, str] = ("command", "args", "env")
    """What the three are called there."""
    adjustable: frozenset[str] = frozenset()
    """Of ``extra``, what a user may have set otherwise."""
    off: tuple[str, bool] = ("disabled", True)
    """The member that switches an entry off, and by which value."""
    folder: str | None = None
    """The member that says where an entry is started, if this host has one."""
    refuses: frozenset[Leniency] = frozenset()
    """What this host can't read in its file, as far as that is known."""
    projects: tuple[str, str] | None = None
    """The member that holds what is set for single folders, if this host has one, and what removes an entry there."""
    filled: re.Pattern[str] = re.compile(r"\$\{[^}]+\}")
    """What a host may put something else in place of, by rules of its own."""

    def switched_off(self, entry: Any) -> str | None:
        """The member by which an entry that stands there is switched off, if it is."""
        name, value = self.off
        return name if isinstance(entry, Mapping) and entry.get(name) is value else None

    @property
    def switch_on(self) -> str:
        """What switches such an entry on."""
        name, value = self.off
        return f"set `{name}` to `{str(not value).lower()}`"

    def entry(self, block: Block, name: str) -> dict[str, Any]:
        """An entry of this host for a block."""
        command, args, env = self.names
        extra = {key: name if value is NAME_OF_ENTRY else value for key, value in self.extra.items()}
        return {**extra, command: block.command, args: list(block.args), env: dict(block.env)}

    def block(self, entry: Any) -> Block | None:
        """The block of an entry that stands there, if it is one."""
        if not isinstance(entry, Mapping):
            return None
        command, args, env = (entry.get(name) for name in self.names)
        args, env = ([] if args is None else args), ({} if env is None else env)
        if not isinstance(command, str) or not isinstance(args, list) or not isinstance(env, dict):
            return None
        folder = entry.get(self.folder) if self.folder else None
        try:
            return Block(
                command=command,
                args=[str(each) for each in args],
                env={str(key): str(env[key]) for key in env},
                folder=folder if isinstance(folder, str) else None,
            )
        except ValueError:  # a number of more digits than Python writes
            return None

    def not_texts(self, entry: Mapping[str, Any]) -> list[str]:
        """Of an entry that has a block: the members in which something else than a text stands, which hosts refuse."""
        _, args, env = self.names
        held = {args: entry.get(args) or [], env: (entry.get(env) or {}).values()}
        return [name for name, values in held.items() if not all(isinstance(each, str) for each in values)]


NAME_OF_ENTRY = object()
"""Stands in ``extra`` where the entry repeats its own name."""


def _claude_desktop(system: System) -> Path:
    file = Path("Claude", "claude_desktop_config.json")
    paths = [system.settings_folder / file]
    if system.platform == "win32":
        packages = system.folder("LOCALAPPDATA", system.home / "AppData" / "Local") / "Packages"
        packaged = sorted(packages.glob("Claude_*"))
        paths = [*(each / "LocalCache" / "Roaming" / file for each in packaged), *paths]
    return next((path for path in paths if path.is_file()), paths[0])


def _goose(system: System) -> Path:
    root = Path(system.environ.get("GOOSE_PATH_ROOT", ""))
    if root.is_absolute():
        return root / "config" / "config.yaml"
    if system.platform == "win32":
        return system.settings_folder / "Block" / "goose" / "config" / "config.yaml"
    return system.folder("XDG_CONFIG_HOME", system.home / ".config") / "goose" / "config.yaml"


_TABLE = (
    Host(
        name="claude-desktop",
        title="Claude Desktop",
        path=_claude_desktop,
        refuses=frozenset(Leniency),
        next_step="Quit Claude Desktop completely and start it again.",
    ),
    Host(
        name="claude-code",
        title="Claude Code",
        path=lambda system: system.folder("CLAUDE_CONFIG_DIR", system.home) / ".claude.json",
        extra={"type": "stdio"},
        refuses=frozenset({Leniency.COMMENT, Leniency.COMMA, Leniency.NUMBER}),
        projects=("projects", "claude mcp remove"),
        next_step="Start a new session of Claude Code; `/mcp` shows the server.",
    ),
    Host(
        name="cursor",
        title="Cursor",
        path=lambda system: system.home / ".cursor" / "mcp.json",
        next_step="Switch the server on in Cursor's settings, under MCP.",
    ),
    Host(
        name="vscode",
        title="VS Code",
        path=lambda system: system.settings_folder / "Code" / "User" / "mcp.json",
        key="servers",
        extra={"type": "stdio"},
        next_step="Run `MCP: List Servers` in VS Code and start the server.",
    ),
    Host(
        name="codex",
        title="Codex",
        path=lambda system: system.folder("CODEX_HOME", system.home / ".codex") / "config.toml",
        form="toml",
        key="mcp_servers",
        off=("enabled", False),
        folder="cwd",
        next_step="Start a new session of Codex; `/mcp` shows the server.",
    ),
    Host(
        name="gemini-cli",
        title="Gemini CLI",
        path=lambda system: system.folder("GEMINI_CLI_HOME", system.home) / ".gemini" / "settings.json",
        filled=re.compile(r"\$\{[^}]+\}|\$[A-Za-z_]\w*"),
        folder="cwd",
        refuses=frozenset({Leniency.MARK, Leniency.COMMA, Leniency.NUMBER}),
        next_step="Start a new session of Gemini CLI in a folder that it trusts; `/mcp` shows the server.",
    ),
    Host(
        name="goose",
        title="Goose",
        path=_goose,
        form="yaml",
        key="extensions",
        extra={"enabled": True, "type": "stdio", "name": NAME_OF_ENTRY, "timeout": 300},
        names=("cmd", "args", "envs"),
        adjustable=frozenset({"timeout"}),
        off=("enabled", False),
        next_step="Start a new session of Goose.",
    ),
)
HOSTS: Mapping[str, Host] = {host.name: host for host in _TABLE}
