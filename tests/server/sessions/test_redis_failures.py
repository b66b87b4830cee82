"""``RedisShelf`` while Redis is down, hangs or is started anew: an error in time, then all goes on by itself."""

import socket
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import anyio
import anyio.lowlevel
import pytest
from anyio import wait_all_tasks_blocked
from rememberizer_mcp.server.errors import StoreUnavailable
from rememberizer_mcp.server.http.metrics import Metrics
from rememberizer_mcp.server.sessions.redis_shelf import (
    ANSWER_SECONDS,
    KEPT_CONNECTIONS,
    READY_SECONDS,
    RedisShelf,
)
from rememberizer_mcp.server.sessions.shelf import Change, Found, Record

from tests.support.clock import FakeClock, leap
from tests.support.process import LONGEST_SECONDS
from tests.support.redis import RedisServer, redis_server, redis_shelf, relayed

pytestmark = [pytest.mark.needs("redis-server"), pytest.mark.promise("hosting:store:unavailable")]
Ask = Callable[[RedisShelf], Coroutine[Any, Any, object]]


EACH: Mapping[str, Ask] = {
    "put": lambda shelf: shelf.put("page", "a", b"", seconds=600),
    "get": lambda shelf: shelf.get("page", "a"),
    "take": lambda shelf: shelf.take("page", "a"),
    "attempt": lambda shelf: shelf.attempt("ada", most=1, seconds=600),
    "read": lambda shelf: shelf.read("handle", known={}),
    "write": lambda shelf: shelf.write("handle", {"tokens": Change(b"", "t1", None)}, used_at=1, seconds=600),
    "remove": lambda shelf: shelf.remove("handle", over={}),
    "touch": lambda shelf: shelf.touch("handle", used_at=1, seconds=600),
    "lock": lambda shelf: shelf.locked("handle", "tokens").__aenter__(),
}
each = pytest.mark.parametrize("ask", EACH.values(), ids=EACH)


@pytest.fixture
def own_redis(tmp_path: Path) -> Iterator[RedisServer]:
    """One that a test may end."""
    with redis_server(tmp_path) as server:
        yield server


@pytest.fixture
async def shelf(redis: RedisServer) -> AsyncIterator[RedisShelf]:
    """One that is in use."""
    async with redis_shelf(redis) as shelf:
        for key in ("a", "b"):
            await shelf.put("page", key, key.encode(), seconds=600)
        assert await shelf.read("handle", known={}) is None
        yield shelf


async def ends_after(seconds: float, ask: Ask, shelf: RedisShelf) -> object:
    """What comes of it, after so many seconds that pass at once, and no second more."""
    ended, outcome = anyio.Event(), list[object]()

    async def note() -> None:
        try:
            outcome.append(await ask(shelf))
        except StoreUnavailable as error:
            outcome.append(error)
        ended.set()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(note)
        await wait_all_tasks_blocked()
        assert not ended.is_set()
        leap(seconds)
        begun = anyio.current_time()
        await ended.wait()
        assert anyio.current_time() - begun < ANSWER_SECONDS - READY_SECONDS
    return outcome[0]


@each
async def test_nothing_waits_longer_than_two_seconds_for_a_redis_that_hangs(
    shelf: RedisShelf, redis: RedisServer, ask: Ask
) -> None:
    with redis.hung():
        error = await ends_after(ANSWER_SECONDS, ask, shelf)
    assert isinstance(error, StoreUnavailable)
    assert (error.message, error.retry_after_seconds, error.retryable) == (StoreUnavailable.sentence, 5, True)
    assert await shelf.get("page", "b") == b"b"


async def test_nor_for_another_that_hangs_in_its_place(own_redis: RedisServer) -> None:
    async with redis_shelf(own_redis) as shelf:
        assert [await shelf.read("handle", known={}) for _ in range(2)] == [None] * 2

        async def fail() -> None:
            with pytest.raises(StoreUnavailable):
                await shelf.read("handle", known={})

        with own_redis.hung(), ExitStack() as stack:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(fail)
                await wait_all_tasks_blocked()
                leap(ANSWER_SECONDS / 2)
                own_redis.process.popen.kill()
                own_redis.process.popen.wait(LONGEST_SECONDS)
                other = stack.enter_context(socket.create_server(("127.0.0.1", own_redis.port)))
                await anyio.wait_readable(other)
                leap(ANSWER_SECONDS / 2)
                begun = anyio.current_time()
            assert anyio.current_time() - begun < ANSWER_SECONDS - READY_SECONDS


async def test_a_lock_goes_on_to_the_next_if_its_holder_was_cancelled_while_redis_hung(
    redis: RedisServer, clock: FakeClock
) -> None:
    async with redis_shelf(redis, clock=clock) as shelf:
        holding = anyio.Event()

        async def hold() -> None:
            async with shelf.locked("handle", "tokens"):
                holding.set()
                await anyio.sleep_forever()

        with ExitStack() as stack:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(hold)
                await holding.wait()
                stack.enter_context(redis.hung())
                tasks.cancel_scope.cancel()
                with anyio.CancelScope(shield=True):
                    await wait_all_tasks_blocked()
                leap(ANSWER_SECONDS)
        async with shelf.locked("handle", "tokens"):
            assert clock.waits == []


async def test_readiness_waits_a_second_at_most(shelf: RedisShelf, redis: RedisServer) -> None:
    assert await shelf.is_there()
    with redis.hung():
        assert await ends_after(READY_SECONDS, RedisShelf.is_there, shelf) is False
    assert await shelf.is_there()


async def test_a_redis_that_is_down_fails_at_once_and_is_used_again_when_it_is_back(own_redis: RedisServer) -> None:
    async with redis_shelf(own_redis) as shelf:
        await shelf.put("page", "a", b"tea", seconds=600)
        with own_redis.stopped():
            for ask in EACH.values():
                with pytest.raises(StoreUnavailable) as raised, anyio.fail_after(ANSWER_SECONDS):
                    await ask(shelf)
                assert raised.value.message == StoreUnavailable.sentence
            assert not await shelf.is_there()
        assert await shelf.get("page", "a") == b"tea"
        assert await shelf.is_there()


async def test_a_restart_between_two_calls_goes_unnoticed(own_redis: RedisServer) -> None:
    async with redis_shelf(own_redis) as shelf:
        assert await shelf.write("handle", {"tokens": Change(b"one", "t1", None)}, used_at=1, seconds=600)
        read = [await shelf.read("handle", known={})]
        for _ in range(2):
            with own_redis.stopped():
                pass
            read.append(await shelf.read("handle", known={}))
        assert read == [Record({"tokens": Found("t1", b"one")}, 1)] * 3
        with own_redis.stopped():
            pass
        assert await shelf.write("handle", {"tokens": Change(b"two", "t2", "t1")}, used_at=2, seconds=600)


async def test_many_at_once_get_their_own_answers(shelf: RedisShelf) -> None:
    many = range(3 * KEPT_CONNECTIONS)
    found = dict[int, Record | None]()

    async def read(number: int) -> None:
        found[number] = await shelf.read(f"{number}", known={})

    for number in many:
        change = Change(b"%d" % number, "t1", None)
        assert await shelf.write(f"{number}", {"tokens": change}, used_at=number, seconds=600)
    async with anyio.create_task_group() as tasks:
        for number in many:
            tasks.start_soon(read, number)
    assert found == {number: Record({"tokens": Found("t1", b"%d" % number)}, number) for number in many}


async def test_what_was_done_counts_as_done_if_only_the_answer_got_lost(redis: RedisServer, clock: FakeClock) -> None:
    change = Change(b"one", "t1", None)
    async with relayed(redis) as relay, redis_shelf(relay, clock=clock) as shelf:
        for name in ("first", "second"):  # the first makes the scripts known
            relay.loses_next = name == "second"
            async with shelf.locked(name, "tokens"):
                assert not relay.loses_next
                relay.loses_next = name == "second"
                assert await shelf.write(name, {"tokens": change}, used_at=1, seconds=600)
                assert not relay.loses_next
        assert clock.waits == []
        assert redis.names("locks") == []


async def test_after_the_loss_of_its_data_nothing_is_known(own_redis: RedisServer) -> None:
    async with redis_shelf(own_redis) as shelf:
        await shelf.write("handle", {"tokens": Change(b"one", "t1", None)}, used_at=1, seconds=600)
        with own_redis.stopped():
            own_redis.lose_data()
        assert await shelf.read("handle", known={}) is None
        assert not await shelf.write("handle", {"tokens": Change(b"two", "t2", "t1")}, used_at=2, seconds=600)


@each
async def test_after_a_call_that_was_cancelled_the_next_gets_its_own_answer(
    shelf: RedisShelf, redis: RedisServer, ask: Ask
) -> None:
    with redis.hung():
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(ask, shelf)
            await wait_all_tasks_blocked()
            tasks.cancel_scope.cancel()
            leap(ANSWER_SECONDS)
    assert [await shelf.get("page", "b") for _ in range(3)] == [b"b"] * 3
    assert await shelf.is_there()


async def test_no_read_gets_the_answer_to_another_that_was_given_up(shelf: RedisShelf, redis: RedisServer) -> None:
    async def read(name: str) -> Record | None:
        return await shelf.read(name, known={})

    for name in ("mine", "yours"):
        assert await shelf.write(name, {"tokens": Change(name.encode(), "t1", None)}, used_at=1, seconds=600)
    with redis.hung():
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(read, "mine")
            await wait_all_tasks_blocked()
            tasks.cancel_scope.cancel()
    assert [await read("yours") for _ in range(2)] == [Record({"tokens": Found("t1", b"yours")}, 1)] * 2
    with redis.hung():
        await ends_after(ANSWER_SECONDS, lambda _: read("mine"), shelf)
    assert [await read("yours") for _ in range(2)] == [Record({"tokens": Found("t1", b"yours")}, 1)] * 2


async def test_an_outage_is_one_line_of_the_log_and_each_failure_is_counted(
    own_redis: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    metrics = Metrics()

    async def fail_thrice(shelf: RedisShelf) -> None:
        assert await shelf.is_there()
        with own_redis.stopped():
            assert [await shelf.is_there() for _ in range(3)] == [False] * 3
        await anyio.lowlevel.checkpoint()  # after a cancellation CPython 3.11 loses trace events until the next one

    async with redis_shelf(own_redis, meter=metrics) as shelf:
        await fail_thrice(shelf)
        await fail_thrice(shelf)
    assert caplog.messages == ["Redis can't be used (ConnectionError); no session can be until it answers."] * 2
    assert metrics.registry.get_sample_value("rememberizer_mcp_store_failures_total") == 6


async def test_a_redis_that_refuses_is_unavailable_too(shelf: RedisShelf, redis: RedisServer) -> None:
    for name in redis.names("page"):
        redis.asked.delete(name)
        redis.asked.lpush(name, "no text")
    with pytest.raises(StoreUnavailable):
        await shelf.take("page", "a")
    await shelf.write("handle", {"tokens": Change(b"one", "t1", None)}, used_at=1, seconds=600)
    (name,) = redis.names("sessions")
    redis.asked.delete(name)
    redis.asked.lpush(name, "no hash")
    with pytest.raises(StoreUnavailable):
        await shelf.read("handle", known={})
