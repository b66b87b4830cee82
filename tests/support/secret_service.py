"""A real Secret Service: gnome-keyring, unlocked and empty, on a session bus of its own."""

import os
import select
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

LONGEST_SECONDS = 20.0
# The collection's password is read from a pipe; `cat` holds the session until the test closes its stdin.
SESSION = """
printf %s passphrase | gnome-keyring-daemon --unlock --components=secrets >/dev/null
echo "$DBUS_SESSION_BUS_ADDRESS"
exec cat
"""
NOT_THE_MACHINES = (
    "DBUS_",
    "DISPLAY",
    "WAYLAND_",
    "GNOME_KEYRING",
    "KEYRING_PROPERTY_",
    "PYTHON_KEYRING_",
    "SSL_CERT_",
    "XDG_",
)


def bare_environment(home: Path, **more: str) -> dict[str, str]:
    """This process's environment with an empty home, and without the machine's session, bus and keyring."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(NOT_THE_MACHINES)}
    folders = {"HOME": ".", "XDG_DATA_HOME": "data", "XDG_CONFIG_HOME": "config", "XDG_RUNTIME_DIR": "run"}
    for name, folder in folders.items():
        (home / folder).mkdir(mode=0o700, exist_ok=True)
        kept[name] = str(home / folder)
    return kept | more


@contextmanager
def secret_service() -> Iterator[dict[str, str]]:
    """Start one; gives the environment in which a process finds it. It ends with the block, and so does its home."""
    with tempfile.TemporaryDirectory() as home:  # short, since sockets stand in it
        environment = bare_environment(Path(home))
        with _session(environment) as address:
            yield environment | {"DBUS_SESSION_BUS_ADDRESS": address}


@contextmanager
def _session(environment: Mapping[str, str]) -> Iterator[str]:
    popen = subprocess.Popen(
        ["dbus-run-session", "--", "sh", "-c", SESSION],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=dict(environment),
    )
    with popen:  # which closes the pipes and waits
        assert popen.stdout is not None
        ready, _, _ = select.select([popen.stdout], [], [], LONGEST_SECONDS)
        assert ready, "the session bus did not start"
        yield popen.stdout.readline().decode().strip()
