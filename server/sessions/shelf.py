"""``Shelf``: values that are kept for some time, and counts of attempts; ``SharedShelf``: sessions, too.

``MemoryShelf`` serves one process. What serves all processes of a service is in ``redis_shelf.py``.
"""

import math
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Literal, NamedTuple, Protocol, TypeVar

from .fading import Fading

MOST = 10_000
"""Values of each kind in memory, and owners whose attempts are counted there; beyond that the oldest goes."""

T = TypeVar("T")
Part = Literal["session", "tokens"]
"""Two parts of a session that are written under locks of their own: what people do, and what a refresh brings."""


class Kept(NamedTuple):
    """A value that was on a shelf.

    Args:
        value: The bytes that were put there.
        age_seconds: How long ago, by a clock that doesn't jump with the wall clock of this machine.
    """

    value: bytes
    age_seconds: float


class Found(NamedTuple):
    """A part of a session.

    Args:
        version: Random text that changes with each write.
        value: The bytes, of which there are none if they can't be opened; ``None`` if the version is the one that the
            reader knows already.
    """

    version: str
    value: bytes | None


class Record(NamedTuple):
    """A session, as it is on a shelf.

    Args:
        parts: The parts that it has.
        used_at: When it was used last, in Unix seconds.
        is_to_move: Whether it is sealed by another key than the one that seals now.
    """

    parts: Mapping[Part, Found]
    used_at: float
    is_to_move: bool = False


class Change(NamedTuple):
    """What to write of a part of a session.

    Args:
        value: The new bytes.
        version: The new version, which the caller makes by ``secrets``: a counter would repeat after a removal.
        over: The version that the new one replaces; ``None`` if there must be none.
    """

    value: bytes
    version: str
    over: str | None


class Shelf(Protocol):
    """Values that are kept for some time, and counts of attempts: of this process, or of all of a service.

    A ``kind`` is a word of this program in the singular, such as ``page``. A ``key`` can be a secret, such as a ticket.

    All methods raise ``StoreUnavailable`` if the values are elsewhere and can't be reached.
    """

    async def put(self, kind: str, key: str, value: bytes, *, seconds: float) -> None:
        """Keep a value under this key for so many seconds, in the place of any other."""

    async def get(self, kind: str, key: str) -> bytes | None:
        """The value, if it is there."""

    async def take(self, kind: str, key: str) -> Kept | None:
        """Remove the value and return it; of several callers only one gets it."""

    async def attempt(self, key: str, *, most: int, seconds: float) -> float | None:
        """Count one attempt, if there were fewer than ``most`` within the last ``seconds``.

        Returns:
            The seconds until the next attempt is free, and this one is not counted; ``None`` if it is counted.
        """

    async def aclose(self) -> None:
        """Close what is open."""


class SharedShelf(Shelf, Protocol):
    """What all processes of a service share: beside the rest the sessions, each by its name, in parts.

    All methods raise ``StoreUnavailable`` if the store can't be reached.
    """

    async def read(self, name: str, *, known: Mapping[Part, str]) -> Record | None:
        """The session, if it is there, without the values of those versions that are known already."""

    async def move(self, name: str) -> None:
        """Have the session sealed by the key that seals now."""

    async def write(self, name: str, changes: Mapping[Part, Change], *, used_at: float, seconds: float) -> bool:
        """Write all these parts, and keep the session for so many seconds from now.

        Returns:
            Whether it was done; if one part has another version than the one to replace, nothing is written.
        """

    async def remove(self, name: str, *, over: Mapping[Part, str]) -> bool:
        """Remove the session.

        Returns:
            Whether it is gone; if one of these parts has another version by now, nothing is removed.
        """

    async def touch(self, name: str, *, used_at: float, seconds: float) -> None:
        """Note that the session was used, if it is there; an earlier time than the noted one changes nothing."""

    def locked(self, name: str, part: Part) -> AbstractAsyncContextManager[None]:
        """Hold the lock of a part while inside.

        Raises:
            StoreUnavailable: Others held it until the caller had waited for the life of a lock.
        """

    async def is_there(self) -> bool:
        """Whether the store answers, within a second."""


class MemoryShelf:
    """The values of one process, at most 10,000 of each kind.

    >>> import anyio
    >>> from functools import partial
    >>> shelf = MemoryShelf(now=lambda: 0, clock=lambda: 0)
    >>> anyio.run(partial(shelf.put, "page", "ticket", b"tea", seconds=60))
    >>> anyio.run(shelf.take, "page", "ticket"), anyio.run(shelf.take, "page", "ticket")
    (Kept(value=b'tea', age_seconds=0), None)

    Args:
        now: The wall clock in Unix seconds, by which values end and attempts are counted.
        clock: Seconds on a clock that never jumps, by which the age of a value is told.
    """

    def __init__(self, *, now: Callable[[], float] = time.time, clock: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._clock = clock
        self._values = defaultdict[str, Fading[tuple[bytes, float]]](self._kind)
        """By kind and key: each value, and when it was put here on the clock that never jumps."""
        self._attempts: Fading[tuple[float, ...]] = self._kind()
        """When each was made. No search for garbage has to look at tuples of numbers."""

    def _kind(self) -> Fading[T]:
        return Fading(seconds=math.inf, most=MOST, now=self._now)

    async def put(self, kind: str, key: str, value: bytes, *, seconds: float) -> None:
        """Keep a value under this key for so many seconds, in the place of any other."""
        self._values[kind].keep(key, (value, self._clock()), seconds=seconds)

    async def get(self, kind: str, key: str) -> bytes | None:
        """The value, if it is there."""
        found = self._values[kind].get(key)
        return found[0] if found else None

    async def take(self, kind: str, key: str) -> Kept | None:
        """Remove the value and return it; of several callers only one gets it."""
        found = self._values[kind].get(key)
        self._values[kind].forget(key)
        return Kept(found[0], self._clock() - found[1]) if found else None

    async def attempt(self, key: str, *, most: int, seconds: float) -> float | None:
        """Count one attempt, if there were fewer than ``most`` within the last ``seconds``.

        Returns:
            The seconds until the next attempt is free, and this one is not counted; ``None`` if it is counted.
        """
        now = self._now()
        # Others are too old, or of a time to come: the clock was set back.
        attempts = tuple(at for at in self._attempts.get(key) or () if now - seconds < at <= now)
        if len(attempts) >= most:
            return math.ceil((attempts[0] + seconds - now) * 1000) / 1000
        self._attempts.keep(key, (*attempts, now), seconds=seconds)
        return None

    async def aclose(self) -> None:
        """Forget everything."""
        self._values.clear()
        self._attempts = self._kind()
