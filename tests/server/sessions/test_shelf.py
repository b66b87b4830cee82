"""``Shelf``: values end with their time, are taken once, and attempts are counted over a window that slides."""

from collections.abc import Awaitable, Callable
from typing import NamedTuple

import anyio
import pytest
from rememberizer_mcp.server.sessions.shelf import MOST, Kept, MemoryShelf, Shelf

from tests.support.clock import FakeClock


class Tried(NamedTuple):
    """A shelf, and the way to let time pass there."""

    shelf: Shelf
    wait: Callable[[float], Awaitable[None]]


@pytest.fixture
def tried(clock: FakeClock) -> Tried:
    async def wait(seconds: float) -> None:
        clock.advance(seconds)

    return Tried(MemoryShelf(now=clock, clock=clock), wait)


class TestShelf:
    async def test_a_value_is_there_until_its_time_is_over(self, tried: Tried) -> None:
        await tried.shelf.put("page", "ticket", b"\x00tea", seconds=60)
        await tried.wait(59)
        assert await tried.shelf.get("page", "ticket") == b"\x00tea"
        await tried.wait(1)
        assert await tried.shelf.get("page", "ticket") is None
        assert await tried.shelf.take("page", "ticket") is None

    async def test_a_later_value_takes_the_place_of_the_earlier_and_has_its_own_time(self, tried: Tried) -> None:
        await tried.shelf.put("page", "ticket", b"tea", seconds=60)
        await tried.wait(30)
        await tried.shelf.put("page", "ticket", b"milk", seconds=60)
        await tried.wait(59)
        assert await tried.shelf.get("page", "ticket") == b"milk"
        await tried.shelf.put("page", "ticket", b"", seconds=10)
        assert await tried.shelf.get("page", "ticket") == b""
        await tried.wait(10)
        assert await tried.shelf.get("page", "ticket") is None

    async def test_kinds_and_keys_are_apart(self, tried: Tried) -> None:
        await tried.shelf.put("page", "a", b"tea", seconds=60)
        await tried.shelf.put("page", "b", b"milk", seconds=60)
        await tried.shelf.put("trip", "a", b"salt", seconds=60)
        assert await tried.shelf.get("trip", "b") is None
        assert await tried.shelf.take("page", "a") is not None
        assert [await tried.shelf.get("page", "b"), await tried.shelf.get("trip", "a")] == [b"milk", b"salt"]

    async def test_a_value_that_is_taken_tells_its_age(self, tried: Tried) -> None:
        await tried.shelf.put("question", "id", b"tea", seconds=60)
        await tried.wait(12.5)
        kept = await tried.shelf.take("question", "id")
        assert kept
        assert kept.value == b"tea"
        assert kept.age_seconds == pytest.approx(12.5, abs=1)
        assert await tried.shelf.take("question", "id") is None
        assert await tried.shelf.get("question", "id") is None

    async def test_of_several_who_take_a_value_one_gets_it(self, tried: Tried) -> None:
        await tried.shelf.put("question", "id", b"tea", seconds=60)
        taken = list[Kept | None]()

        async def take() -> None:
            taken.append(await tried.shelf.take("question", "id"))

        async with anyio.create_task_group() as tasks:
            for _ in range(10):
                tasks.start_soon(take)
        assert [kept.value for kept in taken if kept] == [b"tea"]
        assert len(taken) == 10

    async def test_an_attempt_too_many_is_told_how_long_to_wait(self, tried: Tried) -> None:
        waits = [await tried.shelf.attempt("ada", most=3, seconds=60) for _ in range(3)]
        await tried.wait(12.5)
        wait = await tried.shelf.attempt("ada", most=3, seconds=60)
        assert waits == [None, None, None]
        assert wait
        assert wait == pytest.approx(47.5, abs=1)
        await tried.wait(wait)
        assert await tried.shelf.attempt("ada", most=3, seconds=60) is None

    async def test_a_refused_attempt_does_not_lengthen_the_wait(self, tried: Tried) -> None:
        await tried.shelf.attempt("ada", most=1, seconds=60)
        for _ in range(3):
            await tried.wait(10)
            assert await tried.shelf.attempt("ada", most=1, seconds=60)
        await tried.wait(30)
        assert await tried.shelf.attempt("ada", most=1, seconds=60) is None

    async def test_the_window_slides_with_each_attempt(self, tried: Tried) -> None:
        await tried.shelf.attempt("ada", most=2, seconds=60)
        await tried.wait(40)
        await tried.shelf.attempt("ada", most=2, seconds=60)
        await tried.wait(20)
        assert await tried.shelf.attempt("ada", most=2, seconds=60) is None
        assert await tried.shelf.attempt("ada", most=2, seconds=60) == pytest.approx(40, abs=1)

    async def test_attempts_are_counted_apart(self, tried: Tried) -> None:
        await tried.shelf.attempt("ada", most=1, seconds=60)
        assert await tried.shelf.attempt("grace", most=1, seconds=60) is None
        assert await tried.shelf.attempt("ada", most=1, seconds=60)


@pytest.mark.parametrize(("age", "wait"), [(0, 60), (0.0006, 60), (12.3456, 47.655)])
async def test_the_wait_in_memory_is_enough_to_the_millisecond(clock: FakeClock, age: float, wait: float) -> None:
    shelf = MemoryShelf(now=clock)
    await shelf.attempt("ada", most=1, seconds=60)
    clock.advance(age)
    assert await shelf.attempt("ada", most=1, seconds=60) == wait
    clock.advance(wait)
    assert await shelf.attempt("ada", most=1, seconds=60) is None


async def test_a_wall_clock_that_is_set_back_locks_nobody_out_and_ages_nothing(clock: FakeClock) -> None:
    shelf = MemoryShelf(now=clock, clock=FakeClock(start=5))
    await shelf.attempt("ada", most=1, seconds=60)
    await shelf.put("question", "id", b"tea", seconds=60)
    clock.advance(-86_400)
    assert await shelf.attempt("ada", most=1, seconds=60) is None
    assert await shelf.attempt("ada", most=1, seconds=60) == 60
    assert await shelf.take("question", "id") == (b"tea", 0)


@pytest.mark.promise("sessions:lifetime:growth")
async def test_memory_keeps_so_many_of_each_kind_at_most(clock: FakeClock) -> None:
    shelf = MemoryShelf(now=clock)
    await shelf.put("trip", "first", b"milk", seconds=60)
    for key in ("first", "second", "first", *map(str, range(MOST - 1))):
        await shelf.put("page", key, b"tea", seconds=60)
        await shelf.attempt(key, most=2, seconds=60)
    assert [await shelf.get("page", key) for key in ("first", "second", "0")] == [b"tea", None, b"tea"]
    assert [await shelf.attempt(key, most=1, seconds=60) for key in ("first", "second", "1")] == [60, None, 60]
    assert await shelf.get("trip", "first") == b"milk"


async def test_a_closed_shelf_is_empty(clock: FakeClock) -> None:
    shelf = MemoryShelf(now=clock)
    await shelf.put("page", "ticket", b"tea", seconds=60)
    await shelf.attempt("ada", most=1, seconds=60)
    await shelf.aclose()
    assert await shelf.get("page", "ticket") is None
    assert await shelf.attempt("ada", most=1, seconds=60) is None
