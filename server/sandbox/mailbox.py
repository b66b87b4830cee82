"""Reads the outbox pages of the sandboxes that this user runs, from another process."""

import errno
import json
import socket
from contextlib import closing, suppress
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from .config import LOOPBACK, SANDBOX_HEADER
from .data.api_keys import ShownKey
from .data.outbox import Letter
from .runtime_files import OutboxAddress, read_addresses

_TIMEOUT_SECONDS = 5
_MAX_BYTES = 1024 * 1024


@dataclass(frozen=True)
class _Page:
    """What an outbox page shows."""

    letters: list[Letter]
    api_keys: list[ShownKey]


class NoSandboxError(LookupError):
    """No sandbox of this user is running."""

    def __init__(self) -> None:
        super().__init__(
            "No running sandbox was found. Start one with `rememberizer-mcp sandbox`, or a server with"
            " `rememberizer-mcp --sandbox`, and ask again while it runs."
        )


def find_outboxes(runtime_dir: Path) -> list[OutboxAddress]:
    """Give the outbox pages that accept a connection. A file whose process is dead is removed.

    Raises:
        UnusableFolderError: the directory under `runtime_dir` is not the user's own.
    """
    return [address for address in read_addresses(runtime_dir) if _is_alive(address)]


def fetch_letters(runtime_dir: Path) -> list[Letter]:
    """Give the letters of all running sandboxes, the oldest first. Waits up to 5 seconds for each of them.

    Raises:
        NoSandboxError: none is running.
        UnusableFolderError: the directory under `runtime_dir` is not the user's own.
    """
    return fetch_outbox(runtime_dir)[0]


def fetch_outbox(runtime_dir: Path) -> tuple[list[Letter], list[ShownKey]]:
    """Give the letters as `fetch_letters` does, and the API keys of all running sandboxes.

    Raises:
        NoSandboxError, UnusableFolderError: As `fetch_letters`.
    """
    pages = [page for address in find_outboxes(runtime_dir) if (page := _fetch(address))]
    if not pages:
        raise NoSandboxError
    # Two processes that share one data file show the same letters and keys.
    letters = {letter for page in pages for letter in page.letters}
    keys = dict.fromkeys(key for page in pages for key in page.api_keys)
    return sorted(letters, key=lambda letter: letter.sent_at), list(keys)


def _is_alive(address: OutboxAddress) -> bool:
    """Ask the port, not the process table: process ids are reused, and Windows has no signal that does no harm."""
    with socket.socket() as probe:
        probe.settimeout(_TIMEOUT_SECONDS)
        if probe.connect_ex((LOOPBACK, address.port)) != errno.ECONNREFUSED:
            return True
    address.withdraw()
    return False


def _fetch(address: OutboxAddress) -> _Page | None:
    """Give the page, or None when it is no sandbox that answers. No proxy and no redirect is followed."""
    connection = HTTPConnection(LOOPBACK, address.port, timeout=_TIMEOUT_SECONDS)
    with closing(connection), suppress(OSError, HTTPException, ValueError, LookupError, TypeError):
        connection.request("GET", address.path, headers={"Accept": "application/json"})
        response = connection.getresponse()
        if response.status == HTTPStatus.OK and response.getheader(SANDBOX_HEADER):
            page = json.loads(response.read(_MAX_BYTES))
            return _Page([Letter(**each) for each in page["letters"]], [ShownKey(**each) for each in page["api_keys"]])
    return None
