"""Which hosts have us configured, read and never written."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from .block import NAMES, Block
from .document import HostDocument
from .files import UnusableFile, read_file
from .left_out import Reason, left_out
from .refusal import CantChange, Leniency
from .system import System
from .table import HOSTS, Host


@dataclass(frozen=True, kw_only=True)
class Configured:
    """What stands in one host's file: of our entries, and of no other."""

    host: Host
    path: Path
    exists: bool = True
    blocks: Mapping[str, Block | None] = field(default_factory=dict)
    """Our entries by name; ``None`` for one that holds no command that can be started."""
    off: Mapping[str, str] = field(default_factory=dict)
    """Of those, which are switched off, and by which member."""
    odd: Mapping[str, list[str]] = field(default_factory=dict)
    """Of those, which hold something else than texts among their arguments or variables, and in which members."""
    folders: Mapping[str, list[str]] = field(default_factory=dict)
    """By our names: the folders for which alone an entry of that name stands there too."""
    left_out: Mapping[str, list[Reason]] = field(default_factory=dict)
    """By our names: why the host does not start that entry."""
    refused: Leniency | None = None
    """What stands in the file that we can read, and the host can't."""
    problem: str | None = None
    """Why the file can't be read, in a sentence."""


def configured(system: System) -> Iterator[Configured]:
    """Each host of the table, whether it is installed or not."""
    for host in HOSTS.values():
        path = host.path(system)
        try:
            yield _configured(HostDocument(host, read_file(path)), system, path)
        except UnusableFile as error:
            yield Configured(host=host, path=path, problem=str(error))
        except CantChange as error:
            yield Configured(host=host, path=path, problem=f"{path} {error}.")


def _configured(document: HostDocument, system: System, path: Path) -> Configured:
    host, ours = document.host, {name: document.entries[name] for name in NAMES if name in document.entries}
    blocks = {name: host.block(entry) for name, entry in ours.items()}
    return Configured(
        host=host,
        path=path,
        exists=document.file.content is not None,
        blocks=blocks,
        off={name: member for name in ours if (member := host.switched_off(ours[name]))},
        odd={name: members for name in ours if blocks[name] and (members := host.not_texts(ours[name]))},
        left_out={name: left_out(host, system, document.value, name, blocks[name]) for name in ours},
        refused=document.refused,
        folders={name: folders for name in NAMES if (folders := document.folders_with(name))},
    )
