"""``Services``: what a tool body works with; the lifespan makes one for each run of the server."""

from dataclasses import dataclass

import anyio

from ..server.limiter import AttemptLimiter
from ..server.logs import KnownSecrets
from ..server.settings import Settings
from ..server.store import SessionStore


@dataclass(frozen=True, kw_only=True)
class Services:
    """The parts that tools use.

    Args:
        settings: What the server was told.
        sessions: Every session of this process.
        attempts: Counts sign-in attempts.
        secrets: The registry of values that logs redact.
        owner: Whose default session a call without a handle means; over stdio the process is the client.
    """

    settings: Settings
    sessions: SessionStore
    attempts: AttemptLimiter
    secrets: KnownSecrets
    owner: str

    def deadline(self) -> float:
        """When the call that begins now has used up its time with upstream: seconds on anyio's clock."""
        return anyio.current_time() + self.settings.timeout_seconds
