"""Which hosts have us configured, read and never written."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .block import NAME, SANDBOX_NAME, Block
from .entries import read_entries
from .files import UnusableFile, read_text
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
    problem: str | None
    """Why the file can't be read, in a sentence."""


def configured(system: System) -> Iterator[Configured]:
    """Each host of the table, whether it is installed or not."""
    for host in HOSTS.values():
        path, text, blocks, problem = host.path(system), None, {}, None
        try:
            text = read_text(path)
            found = read_entries(host, text or "")
            blocks = {name: host.block(found[name]) for name in (NAME, SANDBOX_NAME) if name in found}
        except UnusableFile as error:
            problem = str(error)
        yield Configured(
            host=host, path=path, exists=text is not None or problem is not None, blocks=blocks, problem=problem
        )
