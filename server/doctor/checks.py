"""The checks that run aside, by name. Each imports what it needs itself, so that one broken library is one failure."""

import os
import sys
from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import Any

from .report import Finding

Found = list[dict[str, Any]]


async def _settings() -> Found:
    from .variables import variables  # noqa: PLC0415 -- see the module's docstring

    return _as_dicts(variables())


async def _network() -> Found:
    from .network import network  # noqa: PLC0415 -- as above

    return _as_dicts(await network())


async def _keyring() -> Found:
    from .keyrings import keyring  # noqa: PLC0415 -- as above
    from .variables import usable  # noqa: PLC0415 -- as above

    return _as_dicts([keyring(usable("keep_signed_in"))])


async def _browser() -> Found:
    from .browser import browser  # noqa: PLC0415 -- as above
    from .variables import usable  # noqa: PLC0415 -- as above

    return _as_dicts([browser(usable("open_browser"), platform=sys.platform, environ=os.environ)])


async def _hosts() -> Found:
    """Not findings alone: the doctor itself starts the commands of the entries."""
    from .entries import rows  # noqa: PLC0415 -- as above

    return rows()


def _as_dicts(findings: list[Finding]) -> Found:
    return [finding.as_dict() for finding in findings]


CHECKS: Mapping[str, Callable[[], Awaitable[Found]]] = MappingProxyType(
    {"settings": _settings, "network": _network, "keyring": _keyring, "browser": _browser, "hosts": _hosts}
)
