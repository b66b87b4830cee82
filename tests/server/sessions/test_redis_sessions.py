"""``RedisShelf``: a session has parts, each is written over the version that was read, and one at a time."""

from collections.abc import Mapping

import anyio
import pytest
from rememberizer_mcp.server.errors import StoreUnavailable
from rememberizer_mcp.server.sessions.redis_shelf import POLL_SECONDS
from rememberizer_mcp.server.sessions.shelf import Change, Found, Part, Record

from tests.support.clock import FakeClock
from tests.support.redis import LOCK_SECONDS, RedisServer, redis_shelf

pytestmark = [pytest.mark.needs("redis-server"), pytest.mark.promise("hosting:store:sessions")]
FIRST: Mapping[Part, Change] = {"session": Change(b"ada", "s1", None), "tokens": Change(b"\x00one", "t1", None)}


async def test_a_session_is_read_as_it_was_written_and_known_parts_without_their_value(redis: RedisServer) -> None:
    async with redis_shelf(redis) as shelf, redis_shelf(redis) as other:
        assert await shelf.write("handle", FIRST, used_at=12.25, seconds=600)
        both: dict[Part, Found] = {"session": Found("s1", b"ada"), "tokens": Found("t1", b"\x00one")}
        assert await other.read("handle", known={}) == Record(both, 12.25)
        known = await other.read("handle", known={"session": "s1", "tokens": "t0"})
        assert known == Record(both | {"session": Found("s1", None)}, 12.25)
        both_known = await other.read("handle", known={"session": "s1", "tokens": "t1"})
        assert both_known == Record({"session": Found("s1", None), "tokens": Found("t1", None)}, 12.25)
        assert await other.read("another", known={}) is None


async def test_a_part_is_written_over_the_version_that_was_read_and_no_other(redis: RedisServer) -> None:
    async with redis_shelf(redis) as shelf:
        await shelf.write("handle", FIRST, used_at=1, seconds=600)
        assert await shelf.write("handle", {"tokens": Change(b"two", "t2", "t1")}, used_at=2, seconds=600)
        for over in ("t1", "t3", None):
            assert not await shelf.write("handle", {"tokens": Change(b"late", "t9", over)}, used_at=3, seconds=600)
        assert not await shelf.write("nobody", {"tokens": Change(b"late", "t9", "t1")}, used_at=3, seconds=600)
        parts: dict[Part, Found] = {"session": Found("s1", b"ada"), "tokens": Found("t2", b"two")}
        assert await shelf.read("handle", known={}) == Record(parts, 2)
        assert await shelf.read("nobody", known={}) is None


async def test_all_parts_are_written_or_none(redis: RedisServer) -> None:
    async with redis_shelf(redis) as shelf:
        await shelf.write("handle", FIRST, used_at=1, seconds=600)
        for session, tokens in (("s1", "t0"), ("s0", "t1")):
            changes: dict[Part, Change] = {
                "session": Change(b"new", "s2", session),
                "tokens": Change(b"new", "t2", tokens),
            }
            assert not await shelf.write("handle", changes, used_at=2, seconds=600)
        record = await shelf.read("handle", known={})
        assert record == Record({"session": Found("s1", b"ada"), "tokens": Found("t1", b"\x00one")}, 1)


async def test_of_many_who_replace_a_version_one_does(redis: RedisServer) -> None:
    async with redis_shelf(redis) as shelf, redis_shelf(redis) as other:
        await shelf.write("handle", FIRST, used_at=1, seconds=600)
        done = list[bool]()

        async def replace(number: int) -> None:
            change = Change(b"new", f"n{number}", "s1")
            done.append(await (shelf, other)[number % 2].write("handle", {"session": change}, used_at=2, seconds=600))

        async with anyio.create_task_group() as tasks:
            for number in range(20):
                tasks.start_soon(replace, number)
        assert sorted(done) == [False] * 19 + [True]


async def test_a_session_is_removed_at_the_versions_that_were_read(redis: RedisServer) -> None:
    async with redis_shelf(redis) as shelf:
        await shelf.write("handle", FIRST, used_at=1, seconds=600)
        assert not await shelf.remove("handle", over={"session": "s1", "tokens": "t0"})
        assert await shelf.read("handle", known={})
        assert await shelf.remove("handle", over={"session": "s1", "tokens": "t1"})
        assert await shelf.read("handle", known={}) is None
        assert await shelf.remove("handle", over={"session": "s1"})
        assert not await shelf.write("handle", {"tokens": Change(b"late", "t2", "t1")}, used_at=2, seconds=600)


async def test_a_session_ends_with_its_time_which_each_use_lengthens(redis: RedisServer) -> None:
    async with redis_shelf(redis) as shelf:
        await shelf.write("handle", FIRST, used_at=1, seconds=600)
        redis.wait(500)
        await shelf.touch("handle", used_at=501, seconds=600)
        redis.wait(500)
        record = await shelf.read("handle", known={})
        assert record
        assert record.used_at == 501
        redis.wait(100)
        assert await shelf.read("handle", known={}) is None
        await shelf.touch("handle", used_at=1101, seconds=600)
        assert redis.names() == []


async def test_a_write_by_a_clock_that_is_late_lets_the_session_live_as_long_as_it_says(redis: RedisServer) -> None:
    async with redis_shelf(redis) as shelf:
        await shelf.write("handle", FIRST, used_at=1_750_000_000.5, seconds=10)
        await shelf.write("handle", {"tokens": Change(b"", "t2", "t1")}, used_at=5, seconds=600)
        redis.wait(500)
        assert await shelf.read("handle", known={})


async def test_the_time_of_the_last_use_never_goes_back(redis: RedisServer) -> None:
    async with redis_shelf(redis) as shelf:
        await shelf.write("handle", FIRST, used_at=1_750_000_000.5, seconds=600)
        await shelf.touch("handle", used_at=1_750_000_000.25, seconds=10)
        await shelf.write("handle", {"tokens": Change(b"", "t2", "t1")}, used_at=5, seconds=10)
        redis.wait(500)
        record = await shelf.read("handle", known={})
        assert record
        assert (record.used_at, record.parts["tokens"]) == (1_750_000_000.5, Found("t2", b""))


async def test_a_clock_of_redis_that_is_set_back_locks_nobody_out(redis: RedisServer) -> None:
    async with redis_shelf(redis) as shelf:
        await shelf.attempt("ada", most=1, seconds=600)
        redis.wait(-86_400)
        assert await shelf.attempt("ada", most=1, seconds=600) is None
        assert await shelf.attempt("ada", most=1, seconds=600) == pytest.approx(600, abs=9)


async def test_one_at_a_time_has_the_lock_of_a_part(redis: RedisServer) -> None:
    inside, most = 0, 0

    async with redis_shelf(redis) as shelf, redis_shelf(redis) as other:

        async def work(number: int) -> None:
            nonlocal inside, most
            async with (shelf, other)[number % 2].locked("handle", "tokens"):
                inside += 1
                most = max(most, inside)
                await shelf.get("page", "meanwhile")
                inside -= 1

        async with anyio.create_task_group() as tasks:
            for number in range(6):
                tasks.start_soon(work, number)
        assert most == 1
        assert redis.names("locks") == []


async def test_locks_of_other_parts_and_sessions_are_free(redis: RedisServer) -> None:
    async with (
        redis_shelf(redis) as shelf,
        shelf.locked("handle", "tokens"),
        shelf.locked("handle", "session"),
        shelf.locked("another", "tokens"),
    ):
        assert len(redis.names("locks")) == 3
    assert redis.names("locks") == []


async def test_a_lock_that_is_held_is_never_bypassed_and_its_life_is_waited_for(redis: RedisServer) -> None:
    clock = FakeClock()
    async with redis_shelf(redis) as shelf, redis_shelf(redis, clock=clock) as other, shelf.locked("handle", "tokens"):
        with pytest.raises(StoreUnavailable, match="for too long"):
            await other.locked("handle", "tokens").__aenter__()
        assert set(clock.waits) == {POLL_SECONDS}
        assert sum(clock.waits) == pytest.approx(LOCK_SECONDS)
        assert len(redis.names("locks")) == 1


async def test_a_holder_whose_lock_ended_releases_nobody_elses(redis: RedisServer) -> None:
    async with redis_shelf(redis) as shelf, redis_shelf(redis) as other:
        slow = shelf.locked("handle", "tokens")
        await slow.__aenter__()
        redis.wait(LOCK_SECONDS)
        async with other.locked("handle", "tokens"):
            await slow.__aexit__(None, None, None)
            assert len(redis.names("locks")) == 1
        assert redis.names("locks") == []


async def test_who_comes_while_a_lock_is_released_does_not_go_on_as_its_holder(redis: RedisServer) -> None:
    async with redis_shelf(redis) as shelf:
        first, holders = shelf.locked("handle", "tokens"), list[object]()

        async def note_holder() -> None:
            async with shelf.locked("handle", "tokens"):
                holders.append(redis.asked.get(*redis.names("locks")))

        await first.__aenter__()
        holders.append(redis.asked.get(*redis.names("locks")))
        async with anyio.create_task_group() as tasks:
            with redis.hung():
                tasks.start_soon(first.__aexit__, None, None, None)
                await anyio.wait_all_tasks_blocked()
                tasks.start_soon(note_holder)
                await anyio.wait_all_tasks_blocked()
        assert len(set(holders)) == 2


async def test_a_lock_is_released_where_the_work_fails_or_is_cancelled(redis: RedisServer) -> None:
    async with redis_shelf(redis) as shelf:
        with pytest.raises(ZeroDivisionError):
            async with shelf.locked("handle", "tokens"):
                raise ZeroDivisionError
        assert redis.names("locks") == []
        with anyio.CancelScope() as scope:
            async with shelf.locked("handle", "tokens"):
                redis.asked.client_kill_filter(_type="normal", skipme=True)  # to release it takes a new connection
                scope.cancel()
                await anyio.sleep_forever()
        assert redis.names("locks") == []
