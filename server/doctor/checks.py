"""The checks that run aside, by name."""

import os
import sys
from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType

from .browser import browser
from .keyrings import keyring
from .network import network
from .report import Finding
from .variables import usable, variables


async def _settings() -> list[Finding]:
    return variables()


async def _keyring() -> list[Finding]:
    return [keyring(usable("keep_signed_in"))]


async def _browser() -> list[Finding]:
    return [browser(usable("open_browser"), platform=sys.platform, environ=os.environ)]


CHECKS: Mapping[str, Callable[[], Awaitable[list[Finding]]]] = MappingProxyType(
    {"settings": _settings, "network": network, "keyring": _keyring, "browser": _browser}
)
