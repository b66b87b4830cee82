"""``AttemptLimiter``: thirty attempts a minute, for each owner on its own."""

import anyio
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from rememberizer_mcp.server.errors import RateLimited
from rememberizer_mcp.server.sessions.limiter import MOST_ATTEMPTS, WINDOW_SECONDS, AttemptLimiter
from rememberizer_mcp.server.sessions.shelf import MOST, MemoryShelf

from tests.support.clock import FakeClock


async def used_up(clock: FakeClock, *, owner: str = "ada") -> AttemptLimiter:
    limiter = AttemptLimiter(MemoryShelf(now=clock))
    for _ in range(MOST_ATTEMPTS):
        await limiter.take(owner)
    return limiter


async def wait_for_next(limiter: AttemptLimiter) -> float | None:
    """Try one attempt: how long to wait if it is refused."""
    try:
        await limiter.take("ada")
    except RateLimited as refused:
        return refused.retry_after_seconds
    return None


@pytest.mark.promise("sign-in:inputs:validated-and-limited")
async def test_the_attempt_after_thirty_is_refused_with_its_wait(clock: FakeClock) -> None:
    limiter = await used_up(clock)
    clock.advance(12.5)
    with pytest.raises(RateLimited, match="Too many sign-in attempts from this client") as refused:
        await limiter.take("ada")
    assert refused.value.retry_after_seconds == 47.5
    assert refused.value.status is None


@pytest.mark.parametrize("age", [0, 0.0006, 12.3456])
async def test_waiting_as_long_as_told_is_enough(clock: FakeClock, age: float) -> None:
    limiter = await used_up(clock)
    clock.advance(age)
    clock.advance(await wait_for_next(limiter) or 0)
    assert await wait_for_next(limiter) is None


async def test_refused_attempts_do_not_lengthen_the_wait(clock: FakeClock) -> None:
    limiter = await used_up(clock)
    for _ in range(100):
        clock.advance(0.5)
        with pytest.raises(RateLimited):
            await limiter.take("ada")
    clock.advance(WINDOW_SECONDS - 50)
    await limiter.take("ada")


async def test_owners_are_counted_apart(clock: FakeClock) -> None:
    limiter = await used_up(clock, owner="ada")
    await limiter.take("grace")
    with pytest.raises(RateLimited):
        await limiter.take("ada")


class Moment(float):
    """A point in time that counts how often two are compared."""

    compared = 0

    def __gt__(self, other: float) -> bool:
        type(self).compared += 1
        return super().__gt__(other)

    def __sub__(self, other: float) -> float:
        type(self).compared += 1
        return super().__sub__(other)


@pytest.mark.promise("sessions:lifetime:growth")
async def test_an_attempt_looks_at_no_more_owners_where_there_are_many() -> None:
    compared = []
    for others in (10, 1000):
        limiter = AttemptLimiter(MemoryShelf(now=lambda: Moment(1_750_000_000)))
        for number in range(others):
            await limiter.take(f"owner {number}")
        before = Moment.compared
        await limiter.take("owner 0")
        compared.append(Moment.compared - before)
    assert 0 < compared[0] == compared[1]


@pytest.mark.promise("sessions:lifetime:growth")
async def test_attempts_are_counted_of_the_latest_owners_only(clock: FakeClock) -> None:
    limiter = await used_up(clock)
    for number in range(MOST - 1):
        await limiter.take(f"owner {number}")
    assert await wait_for_next(limiter) == WINDOW_SECONDS
    await limiter.take("one more")
    assert await wait_for_next(limiter) is None


async def test_the_window_slides_with_each_attempt(clock: FakeClock) -> None:
    limiter = AttemptLimiter(MemoryShelf(now=clock))
    for _ in range(MOST_ATTEMPTS):
        await limiter.take("ada")
        clock.advance(1)
    with pytest.raises(RateLimited) as refused:
        await limiter.take("ada")
    assert refused.value.retry_after_seconds == WINDOW_SECONDS - MOST_ATTEMPTS


async def test_a_clock_that_is_set_back_locks_nobody_out(clock: FakeClock) -> None:
    limiter = await used_up(clock)
    clock.advance(-86_400)
    assert (await wait_for_next(limiter) or 0) <= WINDOW_SECONDS
    clock.advance(WINDOW_SECONDS)
    assert await wait_for_next(limiter) is None


@pytest.mark.promise("sign-in:inputs:validated-and-limited")
@settings(deadline=None)
@given(gaps=st.lists(st.floats(0, 3), max_size=120))
@example(gaps=[0.5] * 120)
@example(gaps=[0.0] * 40)
def test_no_window_ever_holds_more_than_thirty(gaps: list[float]) -> None:
    async def take_all() -> None:
        clock, allowed = FakeClock(start=0.0), list[float]()
        limiter = AttemptLimiter(MemoryShelf(now=clock))
        for gap in gaps:
            clock.advance(gap)
            wait = await wait_for_next(limiter)
            assert wait is None or 0 < wait <= WINDOW_SECONDS
            allowed += [clock.time] if wait is None else []
            assert len([moment for moment in allowed if moment > clock.time - WINDOW_SECONDS]) <= MOST_ATTEMPTS

    anyio.run(take_all)
