"""Rate limits, counted over the last minute."""

import hashlib
import math
from collections.abc import Callable

from .database import Database
from .refusals import Refusal

_WINDOW_SECONDS = 60


class Throttle:
    """Counts requests by subject. It keeps digests, so that no login name of arbitrary length is stored."""

    def __init__(self, database: Database, now: Callable[[], float]) -> None:
        self._database = database
        self._now = now

    def admit(self, scope: str, subject: str, *, per_minute: int) -> None:
        """Count a request of this subject; one that is turned away does not count.

        Raises:
            Refusal: 429 with `Retry-After` when `per_minute` requests were admitted within the last minute.
        """
        now = self._now()
        bucket = hashlib.sha256(f"{scope}:{subject}".encode()).digest()
        with self._database.transaction():
            self._database.run("DELETE FROM attempts WHERE at <= ?", now - _WINDOW_SECONDS)
            past = self._database.all("SELECT at FROM attempts WHERE bucket = ? ORDER BY at", bucket)
            if len(past) >= per_minute:
                seconds = math.ceil(past[-per_minute]["at"] + _WINDOW_SECONDS - now)
                wait = f"{seconds} second" if seconds == 1 else f"{seconds} seconds"
                detail = f"Request was throttled. Expected available in {wait}."
                raise Refusal(429, "throttled", detail, headers={"Retry-After": str(seconds)})
            self._database.run("INSERT INTO attempts VALUES (?, ?)", bucket, now)
