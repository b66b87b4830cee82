"""One entry of ours in a host's file: how the host starts it, what that showed, and what its variables change."""

import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path, PurePath

from ..logs.secret_forms import shown_name
from .exchange import LEGACY, Era, Exchange, Fault
from .quoting import PREFIX, Quoting
from .report import NO_LIBRARY, Finding

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
END_MS = 1000.0
OURS = "rememberizer-mcp"
UNUSABLE_CODE = 2
_UNUSABLE = b"rememberizer-mcp can't start"
_RUNNERS = (
    (
        rb"unknownissuer|invalid peer certificate|certificate_verify_failed",
        "It does not trust the certificate that it meets: set UV_SYSTEM_CERTS to `true` in the entry's environment.",
    ),
    (
        rb"network was disabled|failed to fetch|error sending request|dns error|could not connect",
        "It needs the network to be installed: go online and run `uvx rememberizer-mcp --version` once.",
    ),
    (
        rb"no solution found|not found in the (package )?registry|no matching distribution",
        "The package was not found: check its name, and the index that uv or pip is told to use.",
    ),
)
"""What uv and pip say where they can't install us, and what to do; the first that fits."""


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
    era: Era = LEGACY
    """The version of the protocol in which the doctor speaks with it."""
    title: str
    """The host's."""
    install: str
    """The step that has the command written or installed anew."""
    settings: str
    """The step that corrects the command's variables."""
    place: str = ""
    """Where the entry stands, in a sentence, and what makes the host read it."""
    path: str = ""
    """The file in which the entry stands."""
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
        if finding.level == "ok":
            return replace(finding, title=self.title)
        return replace(finding, title=self.title, last_step=self.place, path=self.path)

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


def judged(seen: Exchange, entry: Entry, *, quoting: Quoting, seconds: float) -> Finding:
    """What came of the exchange with an entry's command, which had so many seconds."""
    made = partial(Finding, name=entry.check, title=entry.title, ms=seen.ms)
    if seen.fault:
        subject = "the server" if entry.check == "stdio" else "the command"
        why, step, last_step = _why(seen, entry, quoting, seconds)
        return made(level="failure", text=f"{subject} {why}", next_step=step, last_step=last_step)
    if not seen.server.startswith(OURS):
        text = f"under our name stands another server, {quoting.plain(seen.server) or 'without a name'}."
        return made(level="warning", text=text, last_step=entry.install)
    text = f"first answer after {seen.ms['first']:.0f} ms, {seen.tools} tools, nothing else on stdout."
    if seen.ms.get("end", END_MS + 1) <= END_MS:
        return made(level="ok", text=text)
    text += " It did not end within a second of the end of its input."
    step = "End what it leaves behind, and report it: a host would leave it running."
    return made(level="warning", text=text, next_step=step)


def _why(seen: Exchange, entry: Entry, quoting: Quoting, seconds: float) -> tuple[str, str, str]:
    """Why a command did not work: a sentence without its subject, a next step, and the entry's own last step."""
    words = quoting.last_words(seen.stderr)
    quoted = f" It says: {words}" if words else ""
    match seen.fault:
        case Fault.MISSING | Fault.NOT_STARTED:
            return _not_started(seen.fault, entry.command[0], quoting), "", entry.install
        case Fault.NO_TEXT:
            text = (
                "can't be started: a NUL character or half a surrogate pair stands in it or among its variables, "
                "or a `=` in the name of one."
            )
            return text, "", entry.settings
        case Fault.ENDED:
            code = "" if seen.code is None else f" with code {seen.code}"
            return f"ended{code} before it answered.{quoted}", *_after_end(seen, entry)
        case Fault.SILENT:
            missing = (
                "the handshake" if "first" not in seen.ms else "tools/list" if "tools" not in seen.ms else "a call"
            )
            step = "Try again: a first start loads from a cold disk."
            return f"did not answer {missing} within {seconds:.0f} s.{quoted}", step, entry.install
        case Fault.NOISE:
            text = f"wrote to stdout what is not of the protocol: {quoting.last_words(seen.noise) or 'a blank line'}"
            step = "Have it write to stderr instead: a shell's start-up files and wrappers often print a line."
            return text, step, ""
        case _:
            return f"answered the handshake with an error.{quoted}", "", entry.install


def _not_started(fault: Fault, program: str, quoting: Quoting) -> str:
    if re.search(r"[\s=]", program):  # it is not quoted, since it may hold a secret
        return "does not exist, or holds more than a program: arguments and variables have members of their own."
    if fault == Fault.NOT_STARTED:
        return f"{quoting.plain(program)} is nothing that the system may or can run."
    if PurePath(program).name == program:
        return f"`{quoting.plain(program)}` is not on the short PATH that a host gives."
    return f"{quoting.plain(program)} does not exist."


def _after_end(seen: Exchange, entry: Entry) -> tuple[str, str]:
    if seen.code == UNUSABLE_CODE and _UNUSABLE in seen.stderr:
        return "", entry.settings
    steps = (step for words, step in _RUNNERS if re.search(words, seen.stderr, re.IGNORECASE))
    step = next(steps, "")
    return step, "" if step else entry.install


def _is_one(name: str, pattern: str) -> bool:
    return re.fullmatch(pattern, name, re.IGNORECASE | re.DOTALL) is not None
