"""Reads the outbox pages of the sandboxes that this user runs, from another process."""

import errno
import json
import socket
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

from .config import LOOPBACK, SANDBOX_HEADER
from .data.api_keys import ShownKey
from .data.outbox import Letter
from .runtime_files import OutboxAddress, read_addresses

_TIMEOUT_SECONDS = 5
_MAX_BYTES = 1024 * 1024


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
        NoSandboxError: none is running.
        UnusableFolderError: the directory under `runtime_dir` is not the user's own.
    """
    answers = [_fetch(address) for address in find_outboxes(runtime_dir)]
    known = [answer for answer in answers if answer is not None]
    if not known:
        raise NoSandboxError
    # Two processes that share one data file show the same letters and keys.
    letters = {letter for letters, _ in known for letter in letters}
    keys = dict.fromkeys(key for _, keys in known for key in keys)
    return sorted(letters, key=lambda letter: letter.sent_at), list(keys)


def _is_alive(address: OutboxAddress) -> bool:
    """Ask the port, not the process table: process ids are reused, and Windows has no harmless signal."""
    with socket.socket() as probe:
        probe.settimeout(_TIMEOUT_SECONDS)
        if probe.connect_ex((LOOPBACK, address.port)) != errno.ECONNREFUSED:
            return True
    address.withdraw()
    return False


def _fetch(address: OutboxAddress) -> tuple[list[Letter], list[ShownKey]] | None:
    """Give the letters and keys, or None when it is no sandbox that answers. No proxy and no redirect is followed."""
    connection = HTTPConnection(LOOPBACK, address.port, timeout=_TIMEOUT_SECONDS)
    try:
        connection.request("GET", address.path, headers={"Accept": "application/json"})
        response = connection.getresponse()
        if response.status != 200 or response.getheader(SANDBOX_HEADER) is None:  # noqa: PLR2004 - OK
            return None
        outbox = json.loads(response.read(_MAX_BYTES))
        return [_letter(data) for data in outbox["letters"]], [_key(data) for data in outbox["api_keys"]]
    except (OSError, HTTPException, ValueError, LookupError, TypeError):
        return None
    finally:
        connection.close()


def _letter(data: Mapping[str, Any]) -> Letter:
    return Letter(
        to=str(data["to"]),
        subject=str(data["subject"]),
        code=str(data["code"]),
        sent_at=float(data["sent_at"]),
        expires_at=float(data["expires_at"]),
    )


def _key(data: Mapping[str, Any]) -> ShownKey:
    return ShownKey(
        opens=data["opens"],
        id=str(data["id"]),
        name=str(data["name"]),
        owner=str(data["owner"]),
        key=str(data["key"]),
    )
