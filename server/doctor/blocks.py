"""``Block``: how a host starts us, and what it gives the command besides."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

_INHERITED = {
    "win32": (
        "APPDATA", "HOMEDRIVE", "HOMEPATH", "LOCALAPPDATA", "PATH", "PATHEXT", "PROCESSOR_ARCHITECTURE", "SYSTEMDRIVE",
        "SYSTEMROOT", "TEMP", "USERNAME", "USERPROFILE",
    )
}  # fmt: skip
_OF_POSIX = ("HOME", "LOGNAME", "SHELL", "TERM", "USER")
"""What the SDKs of MCP hand on to a server, which is the least that a host does."""
_PATHS = {"darwin": "/usr/bin:/bin:/usr/sbin:/sbin"}
_PATH = "/usr/local/bin:/usr/bin:/bin"
"""That of a program which was started from a desktop, not from a shell."""


@dataclass(frozen=True, kw_only=True)
class Block:
    """Our entry in one host's file."""

    host: str
    """As in `rememberizer-mcp install HOST`."""
    title: str
    file: str
    command: tuple[str, ...] = field(repr=False)
    environ: Mapping[str, str] = field(repr=False)
    """What the entry sets."""

    @classmethod
    def from_dict(cls, given: Mapping[str, Any]) -> "Block":
        """The block that ``as_dict`` wrote.

        Raises:
            KeyError: It did not.
        """
        return cls(
            host=given["host"], title=given["title"], file=given["file"], command=tuple(given["command"]),
            environ=given["environ"],
        )  # fmt: skip

    def as_dict(self) -> dict[str, Any]:
        """For JSON, secrets included."""
        return {
            "host": self.host, "title": self.title, "file": self.file, "command": list(self.command),
            "environ": dict(self.environ),
        }  # fmt: skip


def hosts_environ(block: Block, environ: Mapping[str, str], *, platform: str) -> dict[str, str]:
    """The environment in which a host starts the block: not ours, and with a short PATH.

    Args:
        block: The entry.
        environ: Ours.
        platform: As ``sys.platform``.
    """
    inherited = {name: environ[name] for name in _INHERITED.get(platform, _OF_POSIX) if name in environ}
    short = {} if platform == "win32" else {"PATH": _PATHS.get(platform, _PATH)}
    return inherited | short | dict(block.environ)
