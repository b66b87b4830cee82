"""What an entry's own variables change: which checks are made again, as the server of that entry sees them."""

import sys
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from ..logs.secret_forms import shown_name
from .entry import PREFIX, Entry, is_ours
from .keyrings import NO_LIBRARY
from .report import Finding

_ON_THE_WAY = frozenset({"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR"})
"""Without those of the shell a server may not get through, and a host that is started from a desktop has none."""
_READS: Mapping[str, frozenset[str]] = {
    "network": _ON_THE_WAY | {f"{PREFIX}BASE_URL", "NO_PROXY"},
    "keyring": frozenset({f"{PREFIX}KEEP_SIGNED_IN", "PYTHON_KEYRING_BACKEND", "DBUS_SESSION_BUS_ADDRESS"}),
    "browser": frozenset(
        {f"{PREFIX}OPEN_BROWSER", "BROWSER", "DISPLAY", "WAYLAND_DISPLAY", "SSH_CONNECTION", "SSH_TTY"}
    ),
}
"""The variables on which a check depends, in capitals; those of the settings are all that begin with the prefix."""
_WITH_LIBRARY = "Run the doctor as the entry runs the server: its command, with `doctor` behind it."


@dataclass(frozen=True)
class Again:
    """A check with the variables of an entry. Equal ones need to be made once."""

    name: str
    variables: frozenset[tuple[str, str]] = field(repr=False)

    def environ(self, shell: Mapping[str, str]) -> dict[str, str]:
        """What the check sees: of the shell's variables only what is the machine's, such as the home folder."""
        hosts = _READS["network"]
        machines = {name: value for name, value in shell.items() if not is_ours(name) and name.upper() not in hosts}
        return machines | dict(self.variables)


def checks_again(entry: Entry, shell: Mapping[str, str], *, sandbox: bool) -> list[Again]:
    """The checks on whose variables an entry and the shell differ.

    Args:
        entry: The entry.
        shell: Our own environment.
        sandbox: Whether no network is to be looked at; nor is it for an entry that starts the sandbox.
    """
    settings = {name: value for name, value in entry.environ.items() if is_ours(name)}
    read = {name: _only(reads, entry.environ) for name, reads in _READS.items()}
    if sandbox or _is_sandbox(entry):
        del read["network"]
    return [
        Again(name, frozenset(variables.items()))
        for name, variables in {"settings": settings, **read}.items()
        if any(shell.get(each) != value for each, value in variables.items())
    ]


def as_entrys(finding: Finding, entry: Entry) -> Finding:
    """A finding of a check that was made again: it says whose it is, and where to mend it.

    Args:
        finding: Of a check that ran among the doctor's own packages.
        entry: Whose variables the check saw.
    """
    if finding.text == NO_LIBRARY and Path(entry.command[0]).parent != Path(sys.executable).parent:
        return Finding.warning("keyring", f"{entry.title}: not looked at. {finding.text}", _WITH_LIBRARY)
    step = finding.next_step and f"{finding.next_step} The entry is in {entry.file}. {entry.restart}"
    return replace(finding, text=f"{entry.title}: {finding.text}", next_step=step)


def shells_alone(entry: Entry, shell: Mapping[str, str]) -> list[Finding]:
    """A warning, if the server of an entry may lack variables of the shell.

    Args:
        entry: The entry.
        shell: Our own environment.
    """
    entrys = {name.upper() for name in entry.environ}
    wanted = [name for name, value in shell.items() if value and (is_ours(name) or name.upper() in _ON_THE_WAY)]
    missing = ", ".join(sorted(shown_name(name) for name in wanted if name.upper() not in entrys))
    if not missing or _is_sandbox(entry):
        return []
    text = f"{entry.title}: set in this shell and not in the entry, so that the server may not see it: {missing}."
    step = (
        f"If the server needs these, add them to the variables of the entry in {entry.file}. For a secret, use its "
        "`_FILE` variable."
    )
    return [Finding.warning("hosts", text, step)]


def _only(names: Collection[str], environ: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environ.items() if name.upper() in names}


def _is_sandbox(entry: Entry) -> bool:
    return "--sandbox" in entry.command
