"""``AttemptLimiter``: how often a client may try to sign in, sign up or verify (S26)."""

from ..errors import RateLimited
from .shelf import Shelf

MOST_ATTEMPTS = 30
WINDOW_SECONDS = 60.0


class AttemptLimiter:
    """At most 30 attempts a minute for each owner, counted over a sliding window."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    async def take(self, owner: str | None) -> None:
        """Count one attempt.

        Raises:
            RateLimited: With the seconds until the next one is free; the attempt is not counted.
        """
        wait = await self._shelf.attempt(f"sign-in {owner or ''}", most=MOST_ATTEMPTS, seconds=WINDOW_SECONDS)
        if wait is not None:
            raise RateLimited("Too many sign-in attempts from this client.", retry_after_seconds=wait)
