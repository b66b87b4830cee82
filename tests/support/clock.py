"""A clock that stands still until a test moves it, and the time zone of the machine."""

import asyncio  # noqa: TID251 -- anyio's clock is the event loop's, and it has no way to move it
import time
from collections.abc import Iterator
from contextlib import contextmanager

import anyio
import pytest


class FakeClock:
    """The wall clock, in Unix seconds, and the way to wait on it."""

    def __init__(self, start: float = 1_750_000_000.0) -> None:
        self.time = start
        self.waits: list[float] = []

    def __call__(self) -> float:
        return self.time

    def advance(self, seconds: float) -> None:
        self.time += seconds

    async def sleep(self, seconds: float) -> None:
        """Take note, let the others run, and be done at once."""
        self.waits.append(seconds)
        await anyio.lowlevel.checkpoint()


def leap(seconds: float) -> None:
    """Let anyio's clock go on by so many seconds at once, as if everybody had waited."""
    loop = asyncio.get_running_loop()
    before, longest = loop.time, loop.slow_callback_duration
    loop.time = lambda: before() + seconds  # type: ignore[method-assign]  # the loop asks itself for the time
    loop.slow_callback_duration += seconds  # of this one step, which seems to take so long
    loop.call_soon(setattr, loop, "slow_callback_duration", longest)


async def for_good(_: float) -> None:
    """A sleep that has no end."""
    await anyio.sleep_forever()


class Gate:
    """A sleep that ends when the test says so: for loops that would otherwise spin."""

    def __init__(self) -> None:
        self.waits: list[float] = []
        self.waiting = anyio.Event()
        self._open = anyio.Event()

    async def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.waiting.set()
        await self._open.wait()
        self._open = anyio.Event()

    def open(self) -> None:
        self._open.set()
        self.waiting = anyio.Event()


class Reading:
    """A clock that never jumps, on which whoever is asked something takes these seconds to answer."""

    def __init__(self, seconds: float = 2.0) -> None:
        self._seconds = seconds
        self._time = 0.0

    def __call__(self) -> float:
        self._time += self._seconds
        return self._time


@contextmanager
def local_zone(name: str) -> Iterator[None]:
    """Let this machine be in a time zone, named as the variable ``TZ`` does."""
    try:
        with pytest.MonkeyPatch.context() as changed:
            changed.setenv("TZ", name)
            time.tzset()
            yield
    finally:
        time.tzset()
