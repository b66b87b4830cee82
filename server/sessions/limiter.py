"""``AttemptLimiter``: how often a client may try to sign in, sign up or verify (S26)."""

import math
import time
from collections import deque
from collections.abc import Callable

from ..errors import RateLimited
from .fading import Fading

MOST_ATTEMPTS = 30
WINDOW_SECONDS = 60.0
MOST_OWNERS = 10_000
"""Of whom attempts are counted at a time; so many more would have to try within the minute to free one's own."""


class AttemptLimiter:
    """At most 30 attempts a minute for each owner, counted over a sliding window."""

    def __init__(self, *, now: Callable[[], float] = time.time) -> None:
        self._now = now
        self._attempts = Fading[deque[float]](seconds=WINDOW_SECONDS, most=MOST_OWNERS, now=now)

    def take(self, owner: str | None) -> None:
        """Count one attempt.

        Raises:
            RateLimited: With the seconds until the next one is free; the attempt is not counted.
        """
        now, attempts = self._now(), self._attempts.get(owner) or deque()
        while attempts and not now - WINDOW_SECONDS < attempts[0] <= now:
            attempts.popleft()  # too old, or of a time to come: the clock was set back
        if len(attempts) >= MOST_ATTEMPTS:
            raise RateLimited(
                "Too many sign-in attempts from this client.",
                retry_after_seconds=math.ceil((attempts[0] + WINDOW_SECONDS - now) * 1000) / 1000,
            )
        attempts.append(now)
        self._attempts.keep(owner, attempts)
