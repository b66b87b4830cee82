"""Which hosts have us configured, read and never written."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .block import NAME, SANDBOX_NAME, Block
from .entries import read_entries
from .files import UnusableFile, read_file
from .refusal import CantChange
from .system import System
from .table import HOSTS, Host


@dataclass(frozen=True, kw_only=True)
class Configured:
    """What stands in one host's file: of our entries, and of no other."""

    host: Host
    path: Path
    exists: bool
    blocks: dict[str, Block | None]
    """Our entries by name; ``None`` for one that holds no command that can be started."""
    off: dict[str, str]
    """Of those, which are switched off, and by which member."""
    odd: dict[str, list[str]]
    """Of those, which hold something else than texts among their arguments or variables, and in which members."""
    problem: str | None
    """Why the file can't be read, in a sentence."""


def configured(system: System) -> Iterator[Configured]:
    """Each host of the table, whether it is installed or not."""
    for host in HOSTS.values():
        path, exists = host.path(system), True
        blocks: dict[str, Block | None] = {}
        off: dict[str, str] = {}
        odd: dict[str, list[str]] = {}
        problem = None
        try:
            file = read_file(path)
            exists = file.content is not None
            found = read_entries(host, file.text)
            blocks = {name: _block(host, found[name]) for name in (NAME, SANDBOX_NAME) if name in found}
            odd = {name: members for name in blocks if blocks[name] and (members := host.odd(found[name]))}
            off = {name: member for name in blocks if (member := host.switched_off(found[name]))}
        except UnusableFile as error:
            problem = str(error)
        except CantChange as error:
            problem = f"{path} {error}."
        yield Configured(host=host, path=path, exists=exists, blocks=blocks, off=off, odd=odd, problem=problem)


def _block(host: Host, entry: Any) -> Block | None:
    return host.block(entry) if isinstance(entry, dict) else None
