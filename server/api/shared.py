"""``Shared``: a value that one caller at a time fetches for all, and that serves for a while without its source."""

from collections.abc import Awaitable, Callable
from math import inf
from typing import Generic, TypeVar

import anyio

from .issuer_requests import RETRY_SECONDS, IssuerUnavailable

FRESH_SECONDS = 300.0
LAST_SECONDS = 3600.0
SECONDS_BETWEEN_NEWER = 30.0
T = TypeVar("T")


class Shared(Generic[T]):
    """The value is fetched when somebody needs it, and again when it is 5 minutes old.

    If that fails, it serves until it is an hour old, and the next attempt is made after 5 s.

    Args:
        fetch: Gives the value, or raises ``IssuerUnavailable``.
        clock: Never jumps; in seconds.
    """

    def __init__(self, fetch: Callable[[], Awaitable[T]], *, clock: Callable[[], float]) -> None:
        self._fetch = fetch
        self._clock = clock
        self._fetched: tuple[T, float] | None = None
        """The value, and when it came."""
        self._failed_at: float | None = None
        """When the newest attempt failed; None if it didn't."""
        self._newer_at = -inf
        self._lock = anyio.Lock()

    async def get(self, *, fresh_seconds: float = FRESH_SECONDS) -> T:
        """The value. Nobody waits for a fetch of somebody else while an older value serves.

        Args:
            fresh_seconds: How old it may be without another fetch.

        Raises:
            IssuerUnavailable: There is none, or it is over an hour old.
        """
        if not self._is_younger_than(LAST_SECONDS if self._lock.locked() else fresh_seconds):
            async with self._lock:
                if not self._is_younger_than(fresh_seconds):
                    await self._fetch_again()
        return self._usable()

    async def newer(self) -> T:
        """The value, fetched anew, for which all callers together have one fetch in 30 s.

        Raises:
            IssuerUnavailable: Also if there is a value, but the newest attempt failed.
        """
        async with self._lock:
            await self._fetch_newer()
        if self._failed_at is not None:
            raise IssuerUnavailable
        return self._usable()

    async def _fetch_newer(self) -> None:
        if self._clock() - self._newer_at >= SECONDS_BETWEEN_NEWER and await self._fetch_again():
            self._newer_at = self._clock()

    async def _fetch_again(self) -> bool:
        """Whether there is a new value."""
        if self._failed_at is not None and self._clock() - self._failed_at < RETRY_SECONDS:
            return False
        try:
            self._fetched = (await self._fetch(), self._clock())
        except IssuerUnavailable:
            self._failed_at = self._clock()
            return False
        self._failed_at = None
        return True

    def _usable(self) -> T:
        if self._fetched is None or not self._is_younger_than(LAST_SECONDS):
            raise IssuerUnavailable
        return self._fetched[0]

    def _is_younger_than(self, seconds: float) -> bool:
        return self._fetched is not None and self._clock() - self._fetched[1] < seconds
