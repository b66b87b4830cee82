"""What ``install`` and ``uninstall`` would change, and doing it.

Nothing that is shown can hold another server's secrets, or our own entry's: of values that are not ours, none is shown.
"""

import json
from dataclasses import dataclass, replace
from difflib import unified_diff
from pathlib import Path
from typing import Any

from ..logs.secret_forms import shown_name
from .block import ENVIRONMENT, NAME, SANDBOX_NAME, Block, entry_name, own_block, starts_us
from .entries import folders_with, says, shown_entry, with_entry, without_entry
from .files import HostFile, UnusableFile, check_writable, read_file, replace_file
from .kept import before_change, before_us, drop_copies
from .left_out import Reason, left_out
from .refusal import CantChange
from .strictness import refused
from .system import System
from .table import Host

HIDDEN = "(hidden)"
ELSEWHERE = {"url", "httpUrl", "serverUrl", "uri"}
"""Members of an entry that names a server to be reached, not started."""


@dataclass(frozen=True, kw_only=True)
class Change:
    """A change of one host's file, not made yet."""

    host: Host
    file: HostFile
    name: str
    """Of our entry."""
    text: str
    """Of the file afterwards."""
    before: Any
    """Our entry as it stands there, if it does."""
    stands: bool
    """Whether it does."""
    after: dict[str, Any] | None
    """Our entry afterwards."""
    ours: dict[str, Any]
    """What of it may be shown: nothing that the user added."""
    backup: Path
    """Where the state before is kept."""
    folders: list[str]
    """For which alone an entry of this name stands there too."""
    takes_anothers: bool
    """Whether an entry goes that is not of our making."""
    left_out: list[Reason]
    """Why the host does not start our entry afterwards."""
    gives_back: bool = False
    """Whether all but our entries is as the first install found it, also where that differs from what stands there."""

    @property
    def is_needed(self) -> bool:
        """Whether anything would change."""
        return self.stands != (self.after is not None) or bool(self.before != self.after)

    @property
    def overwrites(self) -> bool:
        """Whether an entry that stands there would be another one."""
        return self.stands and self.after is not None and self.is_needed

    @property
    def kept(self) -> list[str]:
        """The names of what the user put into our entry and still stands there."""
        after, variables = self.after or {}, self.host.names[2]
        members = [name for name, value in after.items() if name != variables and value != self.ours.get(name)]
        members += [name for name in after.get(variables, {}) if name not in self.ours[variables]]
        return [shown_name(str(name)) for name in members]

    @property
    def switched_off(self) -> str | None:
        """The member by which our entry is switched off afterwards, if it is."""
        return self.host.switched_off(self.after)

    @property
    def diff(self) -> str:
        """A unified diff of our entry alone: of the rest only what ``gives_back`` names can change, and isn't shown."""
        old, new = (self._lines(entry) for entry in (self.before, self.after))
        path = str(self.file.path)
        return "\n".join(unified_diff(old, new, path, path, lineterm="", n=len(old) + len(new)))

    def _lines(self, entry: Any) -> list[str]:
        if entry is None:
            return []
        return shown_entry(self.host, self.name, _shown(entry, self.ours)).splitlines()

    def check(self) -> None:
        """What can be known before of whether it could be written.

        Raises:
            UnusableFile: The file is write-protected.
        """
        check_writable(self.file)

    def make(self) -> bool:
        """Write it, and say whether the copies beside the file are gone since it is again as before the first install.

        Raises:
            UnusableFile: The file changed meanwhile, or can't be written.
        """
        replace_file(self.file, self.text, backup=self.backup)
        return self.gives_back and drop_copies(self.file.path, None if self._has_additions else self.backup)

    @property
    def _has_additions(self) -> bool:
        """Whether the entry that stood there held more than we write."""
        block = self.host.block(self.before)
        return not block or self.before != self.host.entry(replace(block, env=dict(ENVIRONMENT)), self.name)


def installing(system: System, host: Host, *, sandbox: bool) -> Change:
    """What installing would change. What a user added to our entry stays, unless it says otherwise than we do.

    Raises:
        UnusableFile: The host's file can't be changed safely.
        NoCommand: There is no command that a host could start.
    """
    name = entry_name(sandbox=sandbox)
    ours = host.entry(own_block(system, sandbox=sandbox), name)
    file = _file(host, system)
    try:
        said = _said(host, file)
        entries = said[host.key]
        before = entries.get(name)
        after = _merged(host, before, ours)
        text = file.text if name in entries and before == after else with_entry(host, file.text, name, after, said)
    except CantChange as error:
        raise _left_alone(file, error) from None
    reasons = left_out(host, system, said, name, host.block(after))
    return _change(host, file, name, said, text=text, after=after, ours=ours, left_out=reasons)


def uninstalling(system: System, host: Host, *, sandbox: bool) -> Change:
    """What uninstalling would change: what stood there before is given back where that is certain, else our entry goes.

    Raises:
        UnusableFile: The host's file can't be changed safely.
    """
    name = entry_name(sandbox=sandbox)
    file = _file(host, system)
    try:
        said = _said(host, file)
        entries = said[host.key]
        kept = before_us(host, file, name, said) if name in entries else file.text
        text = without_entry(host, file.text, name, said) if kept is None else kept
    except CantChange as error:
        raise _left_alone(file, error) from None
    return _change(host, file, name, said, text=text, after=None, ours={}, left_out=[], gives_back=kept is not None)


def pasteable(system: System, *, sandbox: bool) -> str:
    """The block for any other host, in the form of ``mcp.json``.

    Raises:
        NoCommand: There is no command that a host could start.
    """
    block = own_block(system, sandbox=sandbox)
    entry = {"command": block.command, "args": block.args, "env": block.env}
    return json.dumps({"mcpServers": {entry_name(sandbox=sandbox): entry}}, indent=2)


def _file(host: Host, system: System) -> HostFile:
    try:
        return read_file(host.path(system))
    except UnusableFile as error:
        raise UnusableFile(f"{str(error).removesuffix('.')}; it was left alone.") from None


def _said(host: Host, file: HostFile) -> dict[str, Any]:
    """What the file says to us and to the host."""
    said = says(host, file.text)
    if oddity := refused(host, file):
        raise CantChange(f"holds {oddity}, which {host.title} itself can't read: {oddity.step}")
    return said


def _left_alone(file: HostFile, error: CantChange) -> UnusableFile:
    return UnusableFile(f"{file.path} {error}; it was left alone.")


def _change(host: Host, file: HostFile, name: str, said: dict[str, Any], **rest: Any) -> Change:
    entries = said[host.key]
    before = entries.get(name)
    is_first = not entries.keys() & {NAME, SANDBOX_NAME}
    takes_anothers = _is_anothers(host, before)
    backup = before_change(file.path, is_first=is_first, takes_anothers=takes_anothers)
    return Change(
        host=host,
        file=file,
        name=name,
        before=before,
        stands=name in entries,
        backup=backup,
        takes_anothers=takes_anothers,
        folders=folders_with(host, said, name),
        **rest,
    )


def _is_anothers(host: Host, entry: Any) -> bool:
    """Whether an entry says something and is not of our making, whatever a user added to it."""
    block = _started(host, entry)
    return entry is not None and (block is None or not starts_us(block))


def _started(host: Host, entry: Any) -> Block | None:
    """What an entry starts, unless it names a server to be reached."""
    block = host.block(entry)
    return block if block and not ELSEWHERE & entry.keys() else None


def _merged(host: Host, before: Any, ours: dict[str, Any]) -> dict[str, Any]:
    """Our entry with what the user added to the one that stands there, if that starts a command too."""
    if _started(host, before) is None:
        return ours
    theirs = {name: value for name, value in before.items() if name not in ours or name in host.adjustable}
    variables = host.names[2]
    env = {**ours[variables], **(before.get(variables) or {}), **ours[variables]}
    return {**ours, **theirs, variables: env}


def _shown(value: Any, ours: Any) -> Any:
    """A value with everything hidden that is not ours word for word."""
    if isinstance(value, dict):
        known = ours if isinstance(ours, dict) else {}
        return {
            key if key in known else shown_name(str(key)): _shown(one, known.get(key)) for key, one in value.items()
        }
    return value if value == ours else HIDDEN
