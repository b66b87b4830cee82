"""``AttemptLimiter``: how often a client may try to sign in, sign up or verify (S26)."""

import math
import time
from collections import deque
from collections.abc import Callable

from ..errors import RateLimited

MOST_ATTEMPTS = 30
WINDOW_SECONDS = 60.0


class AttemptLimiter:
    """At most 30 attempts a minute for each owner, counted over a sliding window."""

    def __init__(self, *, now: Callable[[], float] = time.time) -> None:
        self._now = now
        self._attempts: dict[str, deque[float]] = {}

    def take(self, owner: str) -> None:
        """Count one attempt.

        Raises:
            RateLimited: With the seconds until the next one is free; the attempt is not counted.
        """
        now = self._now()
        self._forget_before(now - WINDOW_SECONDS)
        attempts = self._attempts.setdefault(owner, deque())
        if len(attempts) >= MOST_ATTEMPTS:
            raise RateLimited(
                "Too many sign-in attempts from this client.",
                retry_after_seconds=math.ceil((attempts[0] + WINDOW_SECONDS - now) * 1000) / 1000,
            )
        attempts.append(now)

    def _forget_before(self, moment: float) -> None:
        for owner, attempts in list(self._attempts.items()):
            while attempts and not moment < attempts[0] <= moment + WINDOW_SECONDS:
                attempts.popleft()  # too old, or of a time to come: the clock was set back
            if not attempts:
                del self._attempts[owner]
