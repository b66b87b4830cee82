"""``AttemptLimiter``: how often a client may try to sign in, sign up or verify (S26), or ask to delete something."""

from ..errors import RateLimited
from .shelf import Shelf

MOST_ATTEMPTS = 30
MOST_QUESTIONS = 100
"""Each is kept for a day, with the questions of everybody else."""
WINDOW_SECONDS = 60.0


class AttemptLimiter:
    """At most 30 attempts, and 100 questions before deletions, a minute for each owner, over a sliding window."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    async def take(self, owner: str | None) -> None:
        """Count one attempt.

        Raises:
            RateLimited: With the seconds until the next one is free; the attempt is not counted.
        """
        await self._take("sign-in", owner, MOST_ATTEMPTS, "Too many sign-in attempts from this client.")

    async def take_question(self, owner: str | None) -> None:
        """Count one question to the user whose answer comes with another request; raises as ``take``."""
        await self._take("question", owner, MOST_QUESTIONS, "Too many questions to the user from this client.")

    async def _take(self, what: str, owner: str | None, most: int, refusal: str) -> None:
        wait = await self._shelf.attempt(f"{what} {owner or ''}", most=most, seconds=WINDOW_SECONDS)
        if wait is not None:
            raise RateLimited(refusal, retry_after_seconds=wait)
