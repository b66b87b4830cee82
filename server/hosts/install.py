"""What ``install`` and ``uninstall`` would change, and doing it.

Nothing that is shown can hold another server's secrets, or our own entry's: of values that are not ours, none is shown.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from difflib import unified_diff
from functools import cached_property
from pathlib import Path
from typing import Any

from ..logs.secret_forms import shown_name
from .block import ENVIRONMENT, Block, as_named, entry_name, own_block, starts_us
from .document import HostDocument, shown_entry
from .files import CantChange, HostFile, UnusableFile, read_file
from .left_out import Reason, left_out
from .system import System
from .table import Host

HIDDEN = "(hidden)"
ELSEWHERE = {"url", "httpUrl", "serverUrl", "uri"}
"""Members of an entry that names a server to be reached, not started."""


@dataclass(frozen=True, kw_only=True)
class Change:
    """A change of one host's file, not made yet."""

    document: HostDocument
    """The file as it stands there."""
    name: str
    """Of our entry."""
    text: str
    """Of the file afterwards."""
    after: dict[str, Any] | None = None
    """Our entry afterwards."""
    ours: dict[str, Any]
    """What of it may be shown: nothing that the user added."""
    left_out: list[Reason]
    """Why the host does not start our entry afterwards."""
    gives_back: bool = False
    """Whether all but our entries is as the first install found it, also where that differs from what stands there."""

    @property
    def host(self) -> Host:
        """Whose file it is."""
        return self.document.host

    @property
    def file(self) -> HostFile:
        """The file as it was read."""
        return self.document.file

    @property
    def before(self) -> Any:
        """Our entry as it stands there, if it does."""
        return self.document.entries.get(self.name)

    @property
    def stands(self) -> bool:
        """Whether our entry stands there."""
        return self.name in self.document.entries

    @property
    def is_needed(self) -> bool:
        """Whether anything would change."""
        return self.stands != (self.after is not None) or bool(self.before != self.after)

    @property
    def overwrites(self) -> bool:
        """Whether an entry that stands there would be another one."""
        return self.stands and self.after is not None and self.is_needed

    @property
    def takes_anothers(self) -> bool:
        """Whether an entry goes that says something and is not of our making, whatever a user added to it."""
        block = _started(self.host, self.before)
        return self.before is not None and (block is None or not starts_us(block))

    @cached_property
    def backup(self) -> Path:
        """Where the state before is kept."""
        return self.file.copy_for(is_first=not self.document.ours, takes_anothers=self.takes_anothers)

    @property
    def additions(self) -> list[str]:
        """The names of what the user put into our entry and still stands there."""
        after, variables = self.after or {}, self.host.names[2]
        members = [name for name, value in after.items() if name != variables and value != self.ours.get(name)]
        members += [name for name in after.get(variables, {}) if name not in self.ours[variables]]
        return [shown_name(str(name)) for name in members]

    @property
    def diff(self) -> str:
        """A unified diff of our entry alone: of the rest only what ``gives_back`` names can change, and isn't shown."""
        old, new = (
            [] if entry is None else shown_entry(self.host, self.name, _shown(entry, self.ours)).splitlines()
            for entry in (self.before, self.after)
        )
        path = str(self.file.path)
        return "\n".join(unified_diff(old, new, path, path, lineterm="", n=len(old) + len(new)))

    def make(self) -> bool:
        """Write it; whether the copies beside the file are gone, since it is again as before the first install."""
        self.file.replace(self.text, backup=self.backup)
        return self.gives_back and self.file.drop_copies(None if self._has_additions else self.backup)

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
    name, block = entry_name(sandbox=sandbox), own_block(system, sandbox=sandbox)
    with _left_alone(host.path(system)) as path:
        document = _read(host, path)
        before = document.entries.get(name)
        ours = host.entry(as_named(block, _started(host, before)), name)
        after = _merged(host, before, ours)
        text = document.file.text if before == after else document.with_entry(name, after)
    reasons = left_out(host, system, document.value, name, host.block(after))
    return Change(document=document, name=name, text=text, after=after, ours=ours, left_out=reasons)


def uninstalling(system: System, host: Host, *, sandbox: bool) -> Change:
    """What uninstalling would change: what stood there before is given back where that is certain, else our entry goes.

    Raises:
        UnusableFile: The host's file can't be changed safely.
    """
    name, original = entry_name(sandbox=sandbox), None
    with _left_alone(host.path(system)) as path:
        document = _read(host, path)
        text = document.file.text
        if name in document.entries:
            with suppress(UnusableFile):
                original = document.before_us(name, document.file.copy_before_us())
            text = document.without_entry(name) if original is None else original
    gives_back = original is not None
    return Change(document=document, name=name, text=text, ours={}, left_out=[], gives_back=gives_back)


def pasteable(system: System, *, sandbox: bool) -> str:
    """The block for any other host, in the form of ``mcp.json``; or ``NoCommand``."""
    block = own_block(system, sandbox=sandbox)
    entry = {"command": block.command, "args": block.args, "env": block.env}
    return json.dumps({"mcpServers": {entry_name(sandbox=sandbox): entry}}, indent=2)


@contextmanager
def _left_alone(path: Path) -> Iterator[Path]:
    """Say of a file that can't be read or changed that it was left alone."""
    try:
        yield path
    except UnusableFile as error:
        raise UnusableFile(f"{str(error).removesuffix('.')}; it was left alone.") from None
    except CantChange as error:
        raise UnusableFile(f"{path} {error}; it was left alone.") from None


def _read(host: Host, path: Path) -> HostDocument:
    """The host's file, if the host can read it too."""
    document = HostDocument(host, read_file(path))
    if leniency := document.refused:
        raise CantChange(f"holds {leniency}, which {host.title} itself can't read: {leniency.step}")
    return document


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
