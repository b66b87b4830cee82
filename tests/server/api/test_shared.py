"""``Shared``: one fetch for all who ask, when it is made again, and how long its value outlives its source."""

from collections.abc import Awaitable, Callable, Sequence

import anyio
import anyio.lowlevel
import pytest
from rememberizer_mcp.server.api.issuer_requests import RETRY_SECONDS, IssuerUnavailable
from rememberizer_mcp.server.api.shared import FRESH_SECONDS, LAST_SECONDS, SECONDS_BETWEEN_NEWER, Shared

from tests.support.clock import FakeClock

pytestmark = [pytest.mark.promise("authorization:keys:shared")]
Ask = Callable[[Shared[int]], Awaitable[int]]
CALLERS = 1000


class Source:
    """Gives 1, 2, 3, ...; while ``is_down`` it fails. A closed ``gate`` holds up who asks."""

    def __init__(self) -> None:
        self.asked = 0
        self.is_down = False
        self.gate = anyio.Event()
        self.gate.set()

    async def __call__(self) -> int:
        self.asked += 1
        number = self.asked
        await self.gate.wait()
        if self.is_down:
            raise IssuerUnavailable("down")
        return number


@pytest.fixture
def source() -> Source:
    return Source()


@pytest.fixture
def shared(source: Source, clock: FakeClock) -> Shared[int]:
    return Shared(source, clock=clock)


async def all_of(shared: Shared[int], ask: Ask) -> Sequence[int]:
    """What so many callers get at once."""
    given: list[int] = []

    async def call() -> None:
        given.append(await ask(shared))

    async with anyio.create_task_group() as tasks:
        for _ in range(CALLERS):
            tasks.start_soon(call)
    return given


async def test_a_thousand_callers_at_once_share_one_fetch(shared: Shared[int], source: Source) -> None:
    assert set(await all_of(shared, Shared.get)) == {1}
    assert source.asked == 1


async def test_a_value_is_fetched_again_when_it_is_old(shared: Shared[int], clock: FakeClock) -> None:
    assert await shared.get() == 1
    clock.advance(FRESH_SECONDS - 1)
    assert await shared.get() == 1
    clock.advance(1)
    assert await shared.get() == 2


async def test_a_thousand_callers_who_want_a_newer_value_share_one_more_fetch(
    shared: Shared[int], source: Source, clock: FakeClock
) -> None:
    assert await shared.get() == 1
    assert set(await all_of(shared, Shared.newer)) == {2}
    clock.advance(SECONDS_BETWEEN_NEWER - 1)
    assert await shared.newer() == 2
    clock.advance(1)
    assert await shared.newer() == 3
    assert source.asked == 3


async def test_a_value_serves_for_an_hour_without_its_source_and_no_longer(
    shared: Shared[int], source: Source, clock: FakeClock
) -> None:
    assert await shared.get() == 1
    source.is_down = True
    clock.advance(LAST_SECONDS - 1)
    assert await shared.get() == 1
    clock.advance(1)
    with pytest.raises(IssuerUnavailable):
        await shared.get()


async def test_a_source_that_failed_is_left_alone_for_some_seconds_and_then_asked_again(
    shared: Shared[int], source: Source, clock: FakeClock
) -> None:
    source.is_down = True
    for _ in range(3):
        with pytest.raises(IssuerUnavailable):
            await shared.get()
    assert source.asked == 1
    source.is_down = False
    clock.advance(RETRY_SECONDS)
    assert await shared.get() == 2


async def test_a_failure_uses_up_nobodys_newer_value(shared: Shared[int], source: Source, clock: FakeClock) -> None:
    assert await shared.get() == 1
    source.is_down = True
    for _ in range(3):
        with pytest.raises(IssuerUnavailable):  # the old value doesn't say that there is no newer one
            await shared.newer()
    assert source.asked == 2
    assert await shared.get() == 1
    source.is_down = False
    clock.advance(RETRY_SECONDS)
    assert await shared.newer() == 3


async def test_nobody_waits_for_a_slow_source_while_an_older_value_serves(
    shared: Shared[int], source: Source, clock: FakeClock
) -> None:
    assert await shared.get() == 1
    clock.advance(FRESH_SECONDS)
    source.gate = anyio.Event()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(shared.get)
        await anyio.wait_all_tasks_blocked()
        with anyio.fail_after(5):
            assert await shared.get() == 1
        source.gate.set()
    assert await shared.get() == 2


async def test_a_caller_who_gives_up_takes_the_value_from_nobody(shared: Shared[int], source: Source) -> None:
    source.gate = anyio.Event()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(shared.get)
        await anyio.wait_all_tasks_blocked()
        tasks.cancel_scope.cancel()
    await anyio.lowlevel.checkpoint()  # after a cancellation CPython 3.11 loses trace events until the next one
    source.gate.set()
    assert await shared.get() == 2
