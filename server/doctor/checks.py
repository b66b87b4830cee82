"""The checks that run aside, by name."""

import os
import sys
from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import Any

from .browser import browser
from .keyrings import keyring
from .network import network
from .report import Finding
from .variables import usable, variables

Gives = Awaitable[list[dict[str, Any]]]


async def _settings() -> list[dict[str, Any]]:
    return _as_dicts(variables())


async def _network() -> list[dict[str, Any]]:
    return _as_dicts(await network())


async def _keyring() -> list[dict[str, Any]]:
    return _as_dicts([keyring(usable("keep_signed_in"))])


async def _browser() -> list[dict[str, Any]]:
    return _as_dicts([browser(usable("open_browser"), platform=sys.platform, environ=os.environ)])


def _as_dicts(findings: list[Finding]) -> list[dict[str, Any]]:
    return [finding.as_dict() for finding in findings]


CHECKS: Mapping[str, Callable[[], Gives]] = MappingProxyType(
    {"settings": _settings, "network": _network, "keyring": _keyring, "browser": _browser}
)
