"""Commands that a machine may lack: what brings them, and how many tests wait for them."""

import shutil
from collections.abc import Collection, Iterable, Mapping, Sequence

from tests.interop.client import PREPARED

PACKAGES: Mapping[str, str] = {
    "bash": "bash",
    "chromium": "chromium",
    "curl": "curl",
    "dbus-run-session": "dbus",
    "fish": "fish",
    "gnome-keyring-daemon": "gnome-keyring",
    "nginx": "nginx-light",
    "redis-server": "redis-server",
    "zsh": "zsh",
}
"""Debian's package of each command that a test names in ``pytest.mark.needs``, but for those in ``.interop``."""


def missing(commands: Iterable[str], environment: Mapping[str, str]) -> Collection[str]:
    """The commands for lack of which a test is left out, as ``named``: none where REQUIRE_EVERY_COMMAND is 1."""
    if environment.get("REQUIRE_EVERY_COMMAND") == "1":
        return set()
    return {named(command) for command in commands if shutil.which(command) is None}


def named(command: str) -> str:
    """A command as people know it; those that ``make interop-setup`` prepares together are one."""
    return OTHERS if command.startswith(f"{PREPARED}/") else command


OTHERS = "other people's clients"


def lines(left_out: Mapping[str, Collection[str]]) -> Sequence[str]:
    """What the end of a run says: a line for each missing command.

    Args:
        left_out: The tests that each lacks, by name; one that lacks two commands is counted with both.
    """
    return [
        f"{name}: {len(tests)} test{'s' * (len(tests) != 1)}; `{brought_by(name)}` brings it"
        for name, tests in sorted(left_out.items())
    ]


def brought_by(name: str) -> str:
    """The command that brings what is missing, on Debian."""
    return "make interop-setup" if name == OTHERS else f"apt-get install {PACKAGES[name]}"
