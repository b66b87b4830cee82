"""``left_out``: why a host does not start our entry although it stands in its file.

Hosts keep lists and switches for that, in the same file or beside it; what an organisation sets for its machines is not
looked at. The rules are those of Claude Code's documentation ("Control MCP server access for your organization") and of
Gemini CLI's source (``mcpServerEnablement.ts``, ``trustedFolders.ts``).
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .block import Block
from .entries import read_document
from .files import UnusableFile, read_file
from .refusal import CantChange
from .system import System
from .table import HOSTS, Host


@dataclass(frozen=True)
class Reason:
    """One reason."""

    text: str
    """A sentence."""
    step: str
    """What puts us in again."""


@dataclass(frozen=True, kw_only=True)
class _Entry:
    """Ours, and what is read to find out about it."""

    host: Host
    system: System
    said: Mapping[str, Any]
    name: str
    block: Block | None


def left_out(host: Host, system: System, said: Mapping[str, Any], name: str, block: Block | None) -> list[Reason]:
    """Every reason for which the host does not start our entry, anywhere or in single folders.

    Args:
        host: Whose file it is.
        system: Whose machine.
        said: What the host's file says.
        name: Of our entry.
        block: What it starts.
    """
    find = _RULES.get(host.name)
    return list(find(_Entry(host=host, system=system, said=said, name=name, block=block))) if find else []


def _of_claude_code(entry: _Entry) -> Iterator[Reason]:
    projects = _mapping(entry.said, "projects")
    folders = [each for each in projects if entry.name in _list(_mapping(projects, each), "disabledMcpServers")]
    if folders:
        text = f"Claude Code leaves `{entry.name}` out in {', '.join(folders)} (`disabledMcpServers`)."
        yield Reason(text, "`/mcp` there switches it on.")
    file = entry.system.folder("CLAUDE_CONFIG_DIR", entry.system.home / ".claude") / "settings.json"
    settings = _said_in(file, entry.host)
    if _is_named(_list(settings, "deniedMcpServers"), entry):
        yield Reason(f"`deniedMcpServers` in {file} names `{entry.name}`.", "Take it out of that list.")
    if isinstance(settings.get("allowedMcpServers"), list) and not _is_allowed(settings["allowedMcpServers"], entry):
        yield Reason(f"`allowedMcpServers` in {file} does not name `{entry.name}`.", "Add it to that list.")


def _is_allowed(rules: list[Any], entry: _Entry) -> bool:
    """Where one rule names a command, names alone let in no server that is started by one."""
    commands = [rule for rule in rules if isinstance(rule, Mapping) and "serverCommand" in rule]
    return _is_named(commands or rules, entry)


def _is_named(rules: list[Any], entry: _Entry) -> bool:
    command = [entry.block.command, *entry.block.args] if entry.block else []
    held = [rule for rule in rules if isinstance(rule, Mapping)]
    return any(rule.get("serverName") == entry.name or rule.get("serverCommand") == command for rule in held)


def _of_gemini(entry: _Entry) -> Iterator[Reason]:
    folder = entry.host.path(entry.system).parent
    file, lists = folder / "settings.json", _mapping(entry.said, "mcp")
    if entry.name in _plain(_list(lists, "excluded")):
        yield Reason(f"`mcp.excluded` in {file} names `{entry.name}`.", "Take it out of that list.")
    if (allowed := _list(lists, "allowed")) and entry.name not in _plain(allowed):
        yield Reason(f"`mcp.allowed` in {file} does not name `{entry.name}`.", "Add it to that list.")
    switches = folder / "mcp-server-enablement.json"
    if _mapping(_said_in(switches, entry.host), entry.name).get("enabled") is False:
        step = f"`gemini mcp enable {entry.name}` switches it on."
        yield Reason(f"`{entry.name}` is switched off in {switches}.", step)
    if _mapping(_mapping(entry.said, "security"), "folderTrust").get("enabled") is not False:
        named = Path(entry.system.environ.get("GEMINI_CLI_TRUSTED_FOLDERS_PATH") or folder / "trustedFolders.json")
        yield from _of_trust(_said_in(named, entry.host))


def _of_trust(folders: Mapping[str, Any]) -> Iterator[Reason]:
    untrusted = [each for each, trust in folders.items() if trust == "DO_NOT_TRUST"]
    if not {"TRUST_FOLDER", "TRUST_PARENT"} & {trust for trust in folders.values() if isinstance(trust, str)}:
        text = "Gemini CLI trusts no folder yet, and starts no server in one that it does not trust."
        yield Reason(text, "Start it in a folder of yours, and answer that you trust that; `/permissions` asks again.")
    elif untrusted:
        text = f"Gemini CLI does not trust {', '.join(untrusted)}, and starts no server there."
        yield Reason(text, "`/permissions` there changes that.")


_RULES: Mapping[str, Callable[[_Entry], Iterator[Reason]]] = {
    HOSTS["claude-code"].name: _of_claude_code,
    HOSTS["gemini-cli"].name: _of_gemini,
}


def _said_in(path: Path, host: Host) -> Mapping[str, Any]:
    """What another file of the host says; nothing, where it can't be read."""
    try:
        return read_document(host, read_file(path).text)
    except (UnusableFile, CantChange):
        return {}


def _mapping(holder: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = holder.get(name)
    return value if isinstance(value, Mapping) else {}


def _list(holder: Mapping[str, Any], name: str) -> list[Any]:
    value = holder.get(name)
    return value if isinstance(value, list) else []


def _plain(names: list[Any]) -> set[str]:
    """As Gemini CLI compares them."""
    return {str(name).lower().strip() for name in names}
