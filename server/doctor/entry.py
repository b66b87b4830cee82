"""One entry of ours in a host's file: how the host starts it, and what its own variables change."""

import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from ..logs.secret_forms import shown_name
from .report import NO_LIBRARY, Finding, Level

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
"""The PATH of a program which was started from a desktop, not from a shell."""
_ON_THE_WAY = "HTTPS?_PROXY|ALL_PROXY|SSL_CERT_FILE|SSL_CERT_DIR"
"""Without those of the shell a server may not get through, and a host that is started from a desktop has none."""
_READS = {
    "settings": f"{PREFIX}.*",
    "network": f"{_ON_THE_WAY}|NO_PROXY|{PREFIX}BASE_URL",
    "keyring": f"{PREFIX}KEEP_SIGNED_IN|PYTHON_KEYRING_BACKEND|DBUS_SESSION_BUS_ADDRESS",
    "browser": f"{PREFIX}OPEN_BROWSER|BROWSER|DISPLAY|WAYLAND_DISPLAY|SSH_CONNECTION|SSH_TTY",
}
"""The variables on which each check depends."""
_WITH_LIBRARY = "Run the doctor as the entry runs the server: its command, with `doctor` behind it."


@dataclass(frozen=True)
class Check:
    """A check with those variables of an entry that it reads, or with the shell's if none. Equal ones find the same."""

    name: str
    variables: frozenset[tuple[str, str]] = field(default=frozenset(), repr=False)


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A command that a host starts: our entry in one host's file, or our own command as this doctor was started."""

    check: str = "hosts"
    """The line of the report that its start belongs to."""
    title: str
    """The host's."""
    install: str
    """The step that has the command written or installed anew."""
    settings: str
    """The step that corrects the command's variables."""
    place: str = ""
    """Where the entry stands, in a sentence, and what makes the host read it."""
    command: tuple[str, ...] = field(repr=False)
    environ: Mapping[str, str] = field(repr=False)
    """The variables that the entry sets."""
    folder: str | None = None
    """Where the command starts, if the entry says so."""

    @property
    def is_sandbox(self) -> bool:
        """Whether it starts the sandbox, which needs no network."""
        return "--sandbox" in self.command

    def started_with(self, shell: Mapping[str, str], platform: str) -> dict[str, str]:
        """All variables of the command: a host on this platform hands on few of the shell's, and a short PATH."""
        if self.check == "stdio":
            return dict(self.environ)
        inherited = {name: shell[name] for name in _INHERITED.get(platform, _OF_POSIX) if name in shell}
        short = {} if platform == "win32" else {"PATH": _PATHS.get(platform, _PATH)}
        return inherited | short | dict(self.environ)

    def checks_again(self, shell: Mapping[str, str], *, sandbox: bool) -> list[Check]:
        """The checks on whose variables an entry and the shell differ. The sandbox needs no check of the network."""
        checks = []
        for name, read in _READS.items():
            if name == "network" and (sandbox or self.is_sandbox):
                continue
            variables = {each: value for each, value in self.environ.items() if _is_one(each, read)}
            if any(shell.get(each) != value for each, value in variables.items()):
                checks.append(Check(name, frozenset(variables.items())))
        return checks

    def environ_again(self, shell: Mapping[str, str]) -> dict[str, str]:
        """What these checks see: the entry's variables, and of the shell's the machine's, such as the home folder."""
        hosts = "|".join((_READS["settings"], _READS["network"]))
        machines = {name: value for name, value in shell.items() if not _is_one(name, hosts)}
        return machines | {
            name: value for name, value in self.environ.items() if _is_one(name, "|".join(_READS.values()))
        }

    def told(self, finding: Finding) -> Finding:
        """A finding of a check that ran again, among the doctor's own packages, with the variables of an entry."""
        if finding.text == NO_LIBRARY and Path(self.command[0]).parent != Path(sys.executable).parent:
            finding = Finding.warning("keyring", f"not looked at. {finding.text}", _WITH_LIBRARY)
            return replace(finding, title=self.title)
        return replace(finding, title=self.title, last_step="" if finding.level is Level.OK else self.place)

    def lacking(self, shell: Mapping[str, str]) -> list[Finding]:
        """A warning, if the server of an entry may lack variables of the shell."""
        entrys = {name.upper() for name in self.environ}
        wanted = [name for name, value in shell.items() if value and _is_one(name, f"{PREFIX}.*|{_ON_THE_WAY}")]
        missing = ", ".join(sorted(shown_name(name) for name in wanted if name.upper() not in entrys))
        if not missing or self.is_sandbox:
            return []
        text = f"set in this shell and not in the entry, so that the server may not see it: {missing}."
        step = "If the server needs these, add them to the entry's variables. For a secret, use its `_FILE` variable."
        return [self.told(Finding.warning("hosts", text, step))]


def is_ours(name: str) -> bool:
    """Whether a variable is named as our settings are, in any letter case."""
    return _is_one(name, _READS["settings"])


def _is_one(name: str, pattern: str) -> bool:
    return re.fullmatch(pattern, name, re.IGNORECASE | re.DOTALL) is not None
