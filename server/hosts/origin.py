"""Where this package was installed from, so that a runner can install the same one again (PEP 610)."""

import json
from pathlib import Path
from urllib.parse import urlsplit

from .refusal import NoCommand


def requirement(package: str, direct_url: str | None) -> str:
    """What a runner is told to install: the package's name, and behind it where it came from, if that was no index.

    Args:
        package: The name, with its extras: ``rememberizer-mcp[keyring]``.
        direct_url: The text of the installed package's ``direct_url.json``, if it has that file.

    Raises:
        NoCommand: It can't be installed from there again, or not without a secret.
    """
    return package if direct_url is None else f"{package} @ {_address(json.loads(direct_url))}"


def _address(came_from: dict[str, dict[str, str] | str]) -> str:
    url, version_control, folder = (came_from.get(name) for name in ("url", "vcs_info", "subdirectory"))
    _check(str(url), is_key_based=str(url).startswith("ssh:"))
    if isinstance(version_control, dict):
        url = f"{version_control['vcs']}+{url}@{version_control['commit_id']}"
    return f"{url}#subdirectory={folder}" if folder else str(url)


def _check(url: str, *, is_key_based: bool) -> None:
    from urllib.request import url2pathname  # noqa: PLC0415 -- it slows the first help down

    parts = urlsplit(url)
    if parts.password or parts.query or (parts.username and not is_key_based):
        raise NoCommand("This came from an address that may hold a secret, so that no entry can name it.")
    if parts.scheme == "file" and not Path(url2pathname(parts.path)).exists():
        raise NoCommand("What this was installed from is not there any more.")
