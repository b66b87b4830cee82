"""``Entry``: how a host starts us, and what it gives the command besides."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

PREFIX = "REMEMBERIZER_"
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
class Entry:
    """Ours in one host's file."""

    title: str
    """Of the host."""
    file: str
    install: str
    """What writes the entry anew."""
    restart: str
    """What has the host read it."""
    command: tuple[str, ...] = field(repr=False)
    environ: Mapping[str, str] = field(repr=False)
    """What the entry sets."""
    folder: str | None = None
    """Where it is to start, if the entry says so."""

    @classmethod
    def from_dict(cls, given: Mapping[str, Any]) -> "Entry":
        """The entry that ``dataclasses.asdict`` took apart."""
        return cls(**{**given, "command": tuple(given["command"])})


def is_ours(name: str) -> bool:
    """Whether a variable is named as our settings are, in any letter case."""
    return name.upper().startswith(PREFIX)


def hosts_environ(entry: Entry, environ: Mapping[str, str], *, platform: str) -> dict[str, str]:
    """The environment in which a host starts an entry: not ours, and with a short PATH.

    Args:
        entry: The entry.
        environ: Ours.
        platform: As ``sys.platform``.
    """
    inherited = {name: environ[name] for name in _INHERITED.get(platform, _OF_POSIX) if name in environ}
    short = {} if platform == "win32" else {"PATH": _PATHS.get(platform, _PATH)}
    return inherited | short | dict(entry.environ)
