"""The outbox pages of the sandboxes that this user runs: published in 0600 files (security.md S13), and read."""

import errno
import json
import logging
import os
import secrets
import socket
import stat
import warnings
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from urllib.parse import urlsplit

from platformdirs import user_runtime_path

from .config import AUTHORIZE_PATH, LOOPBACK, SANDBOX_HEADER
from .data.outbox import Letter, ShownKey

_DIRECTORY = "rememberizer-mcp"
_TIMEOUT_SECONDS = 5
_MAX_BYTES = 1024 * 1024

logger = logging.getLogger(__name__)


class UnusableFolderError(ValueError):
    """The folder of the runtime files is no folder, a symbolic link, or somebody else's."""


class NoSandboxError(LookupError):
    """No sandbox of this user is running."""

    def __init__(self) -> None:
        super().__init__(
            "No running sandbox was found. Start one with `rememberizer-mcp sandbox`, or a server with"
            " `rememberizer-mcp --sandbox`, and ask again while it runs."
        )


@dataclass(frozen=True, kw_only=True)
class OutboxAddress:
    """Where the outbox page of one sandbox is. The address holds the page's key."""

    url: str = field(repr=False)
    file: Path | None = None
    """Where it is published."""

    @property
    def port(self) -> int:
        """The port on 127.0.0.1."""
        return urlsplit(self.url).port or 0

    @property
    def path(self) -> str:
        """The page's path, key included."""
        return urlsplit(self.url).path

    @property
    def base_url(self) -> str:
        """The address of the sandbox's first page, where it has one; there is no key in it."""
        return f"http://{LOOPBACK}:{self.port}/"

    @property
    def authorize_url(self) -> str:
        """Where an OAuth app sends the browser; there is no key in it."""
        return self.base_url.rstrip("/") + AUTHORIZE_PATH

    def withdraw(self) -> None:
        """Remove the file, if there is one. Its folder may have gone as well, or been changed."""
        if self.file:
            with suppress(OSError):
                self.file.unlink()


def runtime_directory() -> Path:
    """The user's runtime directory, where a running sandbox leaves the address of its outbox.

    Raises:
        UnusableFolderError: Another user took the one below the temporary directory, where there is no other.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that XDG_RUNTIME_DIR is not set, which hosts don't pass on to a server
        try:
            return user_runtime_path()
        except OSError as error:
            raise UnusableFolderError(f"{error}.") from None


@contextmanager
def published(url: str, runtime_dir: Path | None) -> Iterator[OutboxAddress]:
    """Keep a page's address in a file of its own while the body runs; if that can't be, a warning says so.

    Without a directory it is the user's runtime directory.
    """
    file = None
    try:
        file = _publish(url, runtime_dir or runtime_directory())
    except (OSError, UnusableFolderError) as error:
        logger.warning("`rememberizer-mcp sandbox outbox` will not find this sandbox: %s", error)
    address = OutboxAddress(url=url, file=file)
    try:
        yield address
    finally:
        address.withdraw()


def read_addresses(runtime_dir: Path) -> list[OutboxAddress]:
    """Give the addresses that are published in the directory, whether a sandbox still answers there or not.

    Raises:
        UnusableFolderError: the directory is a symbolic link or belongs to somebody else.
    """
    directory = runtime_dir / _DIRECTORY
    if not os.path.lexists(directory):
        return []
    _check_owner(directory)
    return [address for file in sorted(directory.glob("sandbox-*.json")) if (address := _read(file))]


def find_outboxes(runtime_dir: Path) -> list[OutboxAddress]:
    """Give those of `read_addresses` that accept a connection. A file whose process is dead is removed."""
    return [address for address in read_addresses(runtime_dir) if _is_alive(address)]


def fetch_outbox(runtime_dir: Path) -> tuple[list[Letter], list[ShownKey]]:
    """Give the letters of all running sandboxes, the oldest first, and their keys. Waits up to 5 seconds for each.

    Raises:
        NoSandboxError: none is running.
        UnusableFolderError: as for `read_addresses`.
    """
    pages = [page for address in find_outboxes(runtime_dir) if (page := _fetch(address))]
    if not pages:
        raise NoSandboxError
    # Two processes that share one data file show the same letters and keys.
    letters = {letter for letters, _ in pages for letter in letters}
    keys = dict.fromkeys(key for _, keys in pages for key in keys)
    return sorted(letters, key=lambda letter: letter.sent_at), list(keys)


def _publish(url: str, runtime_dir: Path) -> Path:
    """Write the file. Its name holds the process id; a random part keeps two sandboxes of one process apart."""
    runtime_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    directory = runtime_dir / _DIRECTORY
    with suppress(FileExistsError):
        directory.mkdir(mode=0o700)
    _check_owner(directory)
    directory.chmod(0o700)
    file = directory / f"sandbox-{os.getpid()}-{secrets.token_hex(4)}.json"
    draft = file.with_suffix(".tmp")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(descriptor, "w", encoding="utf-8") as stream:  # noqa: PTH123 - a descriptor, so that the mode holds from the start
        json.dump({"url": url}, stream)
    return draft.replace(file)


def _read(file: Path) -> OutboxAddress | None:
    try:
        status = file.lstat()
        url = json.loads(file.read_text(encoding="utf-8"))["url"] if stat.S_ISREG(status.st_mode) else ""
        parts = urlsplit(url)
        is_known = _is_ours(status) and parts.scheme == "http" and parts.hostname == LOOPBACK and parts.port
    except (OSError, ValueError, LookupError, TypeError, AttributeError):  # gone meanwhile, or not written by us
        return None
    return OutboxAddress(url=url, file=file) if is_known else None


def _check_owner(directory: Path) -> None:
    status = directory.lstat()
    if not stat.S_ISDIR(status.st_mode) or not _is_ours(status):
        raise UnusableFolderError(f"{directory} must be a directory of your own, and no symbolic link.")


def _is_ours(status: os.stat_result) -> bool:
    """Whether the file is of this user; Windows has no user ids, and there the rights of the profile hold."""
    return not hasattr(os, "getuid") or status.st_uid == os.getuid()


def _is_alive(address: OutboxAddress) -> bool:
    """Ask the port, not the process table: process ids are reused, and Windows has no signal that does no harm."""
    with socket.socket() as probe:
        probe.settimeout(_TIMEOUT_SECONDS)
        if probe.connect_ex((LOOPBACK, address.port)) != errno.ECONNREFUSED:
            return True
    address.withdraw()
    return False


def _fetch(address: OutboxAddress) -> tuple[list[Letter], list[ShownKey]] | None:
    """Give what the page shows, or None when it is no sandbox that answers. No proxy and no redirect is followed."""
    connection = HTTPConnection(LOOPBACK, address.port, timeout=_TIMEOUT_SECONDS)
    with closing(connection), suppress(OSError, HTTPException, ValueError, LookupError, TypeError):
        connection.request("GET", address.path, headers={"Accept": "application/json"})
        response = connection.getresponse()
        if response.status == HTTPStatus.OK and response.getheader(SANDBOX_HEADER):
            page = json.loads(response.read(_MAX_BYTES))
            return [Letter(**each) for each in page["letters"]], [ShownKey(**each) for each in page["api_keys"]]
    return None
