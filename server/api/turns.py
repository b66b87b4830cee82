"""``Turns``: how many calls are made at once: in each lane in all, and by one owner."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from weakref import WeakValueDictionary

import anyio

from .endpoints import Lane

MOST_AT_ONCE = 8
"""In each lane, for one owner. httpx's pool is slow with many in flight (526/s at 16 on loopback); a bound keeps each
call quick."""


class Turns:
    """Who waits for whom.

    >>> import anyio
    >>> async def ask() -> str:
    ...     async with Turns(in_all=64, by_one=4).turn(Lane.SLOW, "ada"):
    ...         return "asked"
    >>> anyio.run(ask)
    'asked'

    Args:
        in_all: How many calls are made at once in each lane.
        by_one: How many of these are one owner's, so that one who asks for much holds up nobody else.
    """

    def __init__(self, *, in_all: int = MOST_AT_ONCE, by_one: int | None = None) -> None:
        self.in_all = in_all
        self._by_one = by_one
        self._lanes = {lane: _turns(in_all) for lane in Lane}
        self._own: WeakValueDictionary[tuple[Lane, str], anyio.Semaphore] = WeakValueDictionary()
        """Of the owners whose calls are made or wait just now."""

    def turn(self, lane: Lane, owner: str | None) -> AbstractAsyncContextManager[object]:
        """Wait for a call's turn, and hold it for as long as the block runs."""
        if owner is None or self._by_one is None:
            return self._lanes[lane]
        return self._one_of_few(lane, owner, self._by_one)

    @asynccontextmanager
    async def _one_of_few(self, lane: Lane, owner: str, most: int) -> AsyncIterator[None]:
        own = self._own.setdefault((lane, owner), _turns(most))
        async with own, self._lanes[lane]:
            yield


def _turns(most: int) -> anyio.Semaphore:
    return anyio.Semaphore(most, fast_acquire=True)  # a call that need not wait needs no round of the event loop
