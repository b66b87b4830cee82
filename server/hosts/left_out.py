"""``left_out``: why a host does not start our entry although it stands in its file.

Hosts keep lists and switches for that, in the same file or beside it; what an organisation sets for its machines is not
looked at. The rules are those of Claude Code's documentation ("Control MCP server access for your organization") and of
Gemini CLI's source (``mcpServerEnablement.ts``, ``trustedFolders.ts``), and were tried with Claude Code 2.1.332 and
Gemini CLI 0.61.0, whose own ``gemini mcp enable`` finds no server.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from .block import Block
from .document import read_text
from .files import CantChange, UnusableFile, read_file
from .system import System
from .table import Host

Kind = TypeVar("Kind", dict[str, Any], list[Any])


class Reason(NamedTuple):
    """One reason: a sentence, and what puts us in again."""

    text: str
    step: str


def left_out(host: Host, system: System, document: Mapping[str, Any], name: str, block: Block | None) -> list[Reason]:
    """Every reason for which the host does not start our entry, anywhere or in single folders.

    ``document`` is what its file holds, and the block what the entry of that name starts.
    """
    if host.name == "claude-code":
        return [*_of_claude_code(system, document, name, [block.command, *block.args] if block else [])]
    if host.name == "gemini-cli":
        return [*_of_gemini(system, document, name, host.path(system).parent)]
    return []


def _of_claude_code(system: System, document: Mapping[str, Any], name: str, command: list[str]) -> Iterator[Reason]:
    folders = _held(document, dict, "projects")
    without = [each for each in folders if name in _held(folders, list, each, "disabledMcpServers")]
    if without:
        text = f"Claude Code leaves `{name}` out in {', '.join(without)} (`disabledMcpServers`)."
        yield Reason(text, "`/mcp` there switches it on.")
    file = system.folder("CLAUDE_CONFIG_DIR", system.home / ".claude") / "settings.json"
    settings = _read_json(file)
    if _is_named(_held(settings, list, "deniedMcpServers"), name, command):
        yield Reason(f"`deniedMcpServers` in {file} names `{name}`.", "Take it out of that list.")
    allowed = _held(settings, list, "allowedMcpServers")
    # Where one rule names a command, names alone let in no server that is started by one.
    commands = [rule for rule in allowed if isinstance(rule, Mapping) and "serverCommand" in rule]
    if isinstance(settings.get("allowedMcpServers"), list) and not _is_named(commands or allowed, name, command):
        yield Reason(f"`allowedMcpServers` in {file} does not name `{name}`.", "Add it to that list.")


def _is_named(rules: list[Any], name: str, command: list[str]) -> bool:
    named = [(rule.get("serverName"), rule.get("serverCommand")) for rule in rules if isinstance(rule, Mapping)]
    return any(name == each or command == started for each, started in named)


def _of_gemini(system: System, document: Mapping[str, Any], name: str, folder: Path) -> Iterator[Reason]:
    file = folder / "settings.json"
    excluded, allowed = (
        {str(each).lower().strip() for each in _held(document, list, "mcp", key)}  # as Gemini CLI compares them
        for key in ("excluded", "allowed")
    )
    if name in excluded:
        yield Reason(f"`mcp.excluded` in {file} names `{name}`.", "Take it out of that list.")
    if allowed and name not in allowed:
        yield Reason(f"`mcp.allowed` in {file} does not name `{name}`.", "Add it to that list.")
    switches = folder / "mcp-server-enablement.json"
    if _held(_read_json(switches), dict, name).get("enabled") is False:
        yield Reason(f"`{name}` is switched off in {switches}.", f"`/mcp enable {name}` in Gemini CLI switches it on.")
    if _held(document, dict, "security", "folderTrust").get("enabled") is not False:
        named = system.environ.get("GEMINI_CLI_TRUSTED_FOLDERS_PATH") or folder / "trustedFolders.json"
        yield from _of_trust(_read_json(Path(named)))


def _of_trust(folders: Mapping[str, Any]) -> Iterator[Reason]:
    untrusted = [each for each, trust in folders.items() if trust == "DO_NOT_TRUST"]
    if not any(trust in ("TRUST_FOLDER", "TRUST_PARENT") for trust in folders.values()):
        text = "Gemini CLI trusts no folder yet, and starts no server in one that it does not trust."
        yield Reason(text, "Start it in a folder of yours, and answer that you trust that; `/permissions` asks again.")
    elif untrusted:
        text = f"Gemini CLI does not trust {', '.join(untrusted)}, and starts no server there."
        yield Reason(text, "`/permissions` there changes that.")


def _read_json(path: Path) -> Mapping[str, Any]:
    """What another file of the host holds; nothing, where it can't be read."""
    try:
        return read_text("json", read_file(path).text).value
    except (UnusableFile, CantChange):
        return {}


def _held(holder: Any, kind: type[Kind], *names: str) -> Kind:
    """What stands below these names, one inside of the other, if it is of that kind; else an empty one."""
    for name in names:
        holder = holder.get(name) if isinstance(holder, Mapping) else None
    return holder if isinstance(holder, kind) else kind()
