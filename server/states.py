"""The states of a session, and what all sessions of a process share.

    signed_out --signup--> unverified --verify--> signed_in --refresh refused--> expired
        |                      ^                      ^                             |
        +------login-----------+----------------------+-----------login------------+

``logout`` leads from each of them to ``signed_out``. A login or signup that fails leaves the session as it was.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from .api.client import RememberizerAPI
from .flight import Spawn
from .logs import KnownSecrets


class State(StrEnum):
    """What a session can be."""

    SIGNED_OUT = "signed_out"
    """No account: before the first sign-in and after a logout."""
    UNVERIFIED = "unverified"
    """Signed up or signed in, and the e-mail address is not verified yet."""
    SIGNED_IN = "signed_in"
    """An account, as far as anybody knows."""
    EXPIRED = "expired"
    """Upstream refused to renew it; only ``login`` or ``logout`` lead on."""


@dataclass(frozen=True, kw_only=True)
class Environment:
    """What every session of a process shares.

    Args:
        api: The REST client.
        secrets: The registry of values that logs redact.
        spawn: Starts a task that outlives its caller.
        budget_seconds: How long a refresh may take, whoever waits for it.
        now: The wall clock, in Unix seconds.
    """

    api: RememberizerAPI
    secrets: KnownSecrets
    spawn: Spawn
    budget_seconds: float
    now: Callable[[], float] = time.time
