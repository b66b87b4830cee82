"""``Shelf``: values end with their time, are taken once, and attempts are counted over a window that slides."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import NamedTuple

import anyio
import pytest
from rememberizer_mcp.server.sessions.shelf import MOST, Kept, MemoryShelf, Shelf

from tests.support.clock import FakeClock
from tests.support.redis import RedisServer, redis_shelf

pytestmark = pytest.mark.promise("hosting:store:shared")


class Tried(NamedTuple):
    """A shelf, and the way to let time pass there."""

    shelf: Shelf
    wait: Callable[[float], None]


@asynccontextmanager
async def in_memory(_: pytest.FixtureRequest) -> AsyncIterator[Tried]:
    clock = FakeClock()
    yield Tried(MemoryShelf(now=clock, clock=clock), clock.advance)


@asynccontextmanager
async def in_redis(request: pytest.FixtureRequest) -> AsyncIterator[Tried]:
    server: RedisServer = request.getfixturevalue("redis")
    async with redis_shelf(server) as shelf:
        yield Tried(shelf, server.wait)


Way = Callable[[pytest.FixtureRequest], AbstractAsyncContextManager[Tried]]


@pytest.fixture(params=[in_memory, pytest.param(in_redis, marks=pytest.mark.needs("redis-server"))])
async def tried(request: pytest.FixtureRequest) -> AsyncIterator[Tried]:
    way: Way = request.param
    async with way(request) as tried:
        yield tried


async def test_a_value_is_there_until_its_time_is_over(tried: Tried) -> None:
    await tried.shelf.put("page", "ticket", b"\x00tea", seconds=600)
    tried.wait(590)
    assert await tried.shelf.get("page", "ticket") == b"\x00tea"
    tried.wait(10)
    assert await tried.shelf.get("page", "ticket") is None
    assert await tried.shelf.take("page", "ticket") is None


async def test_a_later_value_takes_the_place_of_the_earlier_and_has_its_own_time(tried: Tried) -> None:
    await tried.shelf.put("page", "ticket", b"tea", seconds=600)
    tried.wait(300)
    await tried.shelf.put("page", "ticket", b"milk", seconds=600)
    tried.wait(590)
    assert await tried.shelf.get("page", "ticket") == b"milk"
    await tried.shelf.put("page", "ticket", b"", seconds=100)
    assert await tried.shelf.get("page", "ticket") == b""
    tried.wait(100)
    assert await tried.shelf.get("page", "ticket") is None


async def test_kinds_and_keys_are_apart(tried: Tried) -> None:
    await tried.shelf.put("page", "a", b"tea", seconds=600)
    await tried.shelf.put("page", "b", b"milk", seconds=600)
    await tried.shelf.put("trip", "a", b"salt", seconds=600)
    assert await tried.shelf.get("trip", "b") is None
    assert await tried.shelf.take("page", "a") is not None
    assert [await tried.shelf.get("page", "b"), await tried.shelf.get("trip", "a")] == [b"milk", b"salt"]


async def test_a_value_that_is_taken_tells_its_age(tried: Tried) -> None:
    await tried.shelf.put("question", "id", b"tea", seconds=600)
    tried.wait(125)
    kept = await tried.shelf.take("question", "id")
    assert kept
    assert kept.value == b"tea"
    assert kept.age_seconds == pytest.approx(125, abs=9)
    assert await tried.shelf.take("question", "id") is None
    assert await tried.shelf.get("question", "id") is None


async def test_of_several_who_take_a_value_one_gets_it(tried: Tried) -> None:
    await tried.shelf.put("question", "id", b"tea", seconds=600)
    taken = list[Kept | None]()

    async def take() -> None:
        taken.append(await tried.shelf.take("question", "id"))

    async with anyio.create_task_group() as tasks:
        for _ in range(10):
            tasks.start_soon(take)
    assert [kept.value for kept in taken if kept] == [b"tea"]
    assert len(taken) == 10


async def test_an_attempt_too_many_is_told_how_long_to_wait(tried: Tried) -> None:
    waits = [await tried.shelf.attempt("ada", most=3, seconds=600) for _ in range(3)]
    tried.wait(125)
    wait = await tried.shelf.attempt("ada", most=3, seconds=600)
    assert waits == [None, None, None]
    assert wait
    assert wait == pytest.approx(475, abs=9)
    tried.wait(wait)
    assert await tried.shelf.attempt("ada", most=3, seconds=600) is None


async def test_a_refused_attempt_does_not_lengthen_the_wait(tried: Tried) -> None:
    await tried.shelf.attempt("ada", most=1, seconds=600)
    for _ in range(3):
        tried.wait(100)
        assert await tried.shelf.attempt("ada", most=1, seconds=600)
    tried.wait(300)
    assert await tried.shelf.attempt("ada", most=1, seconds=600) is None


async def test_the_window_slides_with_each_attempt(tried: Tried) -> None:
    await tried.shelf.attempt("ada", most=2, seconds=600)
    tried.wait(400)
    await tried.shelf.attempt("ada", most=2, seconds=600)
    tried.wait(200)
    assert await tried.shelf.attempt("ada", most=2, seconds=600) is None
    assert await tried.shelf.attempt("ada", most=2, seconds=600) == pytest.approx(400, abs=9)


async def test_attempts_are_counted_apart(tried: Tried) -> None:
    await tried.shelf.attempt("ada", most=1, seconds=600)
    assert await tried.shelf.attempt("grace", most=1, seconds=600) is None
    assert await tried.shelf.attempt("ada", most=1, seconds=600)


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
