"""Processes that share sessions in each other's way: locks that end too soon, answers that come late, no Redis."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio
import pytest
from rememberizer_mcp.server.errors import AccountChanged, SessionExpired, StoreUnavailable
from rememberizer_mcp.server.sessions.session import Session
from rememberizer_mcp.server.sessions.shared import TELL_SECONDS, TOUCH_SECONDS
from rememberizer_mcp.server.sessions.shelf import Change
from rememberizer_mcp.server.sessions.states import State

from tests.support.agent import ADA, GRACE
from tests.support.clock import FakeClock, for_good
from tests.support.redis import RedisServer
from tests.support.sessions import ACCOUNT
from tests.support.sharing import Pair, look_that_both_count, replicas, sign_in, two
from tests.support.two_accounts import REFRESH
from tests.support.upstream import BASE_URL, FakeUpstream, Slow, reply, tokens

pytestmark = [pytest.mark.needs("redis-server"), pytest.mark.promise("hosting:store:one-at-a-time")]
BRIEF = reply(cookies={name: f"{value}; Max-Age=60" for name, value in tokens().items()})


def refreshes(upstream: FakeUpstream) -> int:
    return sum(request.url.path.endswith(REFRESH) for request in upstream.requests)


async def test_of_many_calls_in_both_processes_one_renews_the_tokens(
    upstream: FakeUpstream, clock: FakeClock, redis: RedisServer
) -> None:
    upstream.answers["auth/signin/"] = BRIEF
    async with two(upstream, clock, redis) as (_, _, here, there):
        clock.advance(59)
        async with anyio.create_task_group() as tasks:
            for session in [here, there] * 20:
                tasks.start_soon(session.grant.request, ACCOUNT)
        assert refreshes(upstream) == 1
        assert here.grant.credentials.access_token == there.grant.credentials.access_token


async def test_who_renews_too_slowly_changes_nothing(pair: Pair, upstream: FakeUpstream, redis: RedisServer) -> None:
    slow = Slow(reply(cookies=tokens(5)))
    upstream.answers[REFRESH] = [slow, reply(cookies=tokens(6))]
    one, _, here, there = pair
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(here.grant.refresh)
        await slow.asked.wait()
        redis.asked.delete(*redis.names("locks"))  # as if its life were over
        await there.grant.refresh()
        slow.answers.set()
        await here.grant.refresh()
        await one.store.catch_up("ada")
        assert here.grant.credentials.access_token == there.grant.credentials.access_token
        assert "6" in (here.grant.credentials.access_token or "")


@asynccontextmanager
async def overtaken_by_grace(pair: Pair, redis: RedisServer) -> AsyncIterator[Session]:
    """A move here whose lock is over, and Grace signs in at the other process meanwhile."""
    one, other, _, _ = pair
    async with one.store.moving("ada") as moving:
        redis.asked.delete(*redis.names("locks"))
        await sign_in(other, "ada", GRACE)
        yield moving


async def test_a_sign_in_that_was_too_slow_does_not_count(pair: Pair, redis: RedisServer) -> None:
    _, _, here, there = pair
    with pytest.raises(AccountChanged, match=r"grace@example\.org is signed in now"):
        async with overtaken_by_grace(pair, redis) as moving:
            await moving.sign_in(**ADA, captcha=None)
    assert (here.email, there.email) == (GRACE["email"], GRACE["email"])


async def test_a_sign_out_that_was_too_slow_does_not_count(pair: Pair, redis: RedisServer) -> None:
    one, other, _, there = pair
    with pytest.raises(AccountChanged):
        async with overtaken_by_grace(pair, redis) as moving:
            await moving.sign_out()
    assert (await one.session("ada")).email == (await other.session("ada")).email == GRACE["email"]
    assert there.state is State.SIGNED_IN


async def test_a_renewal_during_a_move_elsewhere_stays(pair: Pair) -> None:
    one, _, _, there = pair
    async with one.store.moving("ada") as moving:
        await there.grant.refresh()
        moving.grant.verifies_elsewhere = True
    await look_that_both_count(pair)


async def test_a_new_sign_in_goes_before_a_renewal_of_the_one_before(pair: Pair) -> None:
    one, other, here, there = pair
    async with one.store.moving("ada") as moving:
        await there.grant.refresh()
        await moving.sign_in(**GRACE, captcha=None)
    assert await other.session("ada") is there
    assert (here.email, there.email) == (GRACE["email"], GRACE["email"])
    assert "9" in (there.grant.credentials.access_token or "")


async def test_tokens_that_can_not_be_told_are_told_as_soon_as_can_be(
    pair: Pair, upstream: FakeUpstream, clock: FakeClock, redis: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    slow = Slow(reply(cookies=tokens(5)))
    upstream.answers[REFRESH] = slow
    one, other, here, there = pair
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(here.grant.refresh)
        await slow.asked.wait()
        with redis.stopped():
            slow.answers.set()
            await here.grant.refresh()
            here.grant.credentials.adopt_refresh_token("refresh-late", url=BASE_URL)
            await one.store.keep_tokens(here)
            with pytest.raises(StoreUnavailable):
                await one.store.catch_up("ada")
        with anyio.fail_after(20):
            while redis.names("locks") or there.grant.credentials.refresh_token != "refresh-late":
                await other.store.catch_up("ada")
        assert "5" in (there.grant.credentials.access_token or "")
    assert caplog.text.count("are known to this process only") == 2
    assert TELL_SECONDS in clock.waits


class Patient(FakeClock):
    """A clock by which nobody tries again to tell of tokens."""

    async def sleep(self, seconds: float) -> None:
        await (for_good(seconds) if seconds == TELL_SECONDS else super().sleep(seconds))


async def test_tokens_that_could_not_be_told_go_before_the_refusal_of_those_that_they_replace(
    upstream: FakeUpstream, redis: RedisServer
) -> None:
    clock = Patient()
    slow = Slow(reply(cookies=tokens(5)))
    upstream.answers[REFRESH] = [slow, reply(401)]
    async with two(upstream, clock, redis) as (one, other, here, there), anyio.create_task_group() as tasks:
        tasks.start_soon(here.grant.refresh)
        await slow.asked.wait()
        with redis.stopped():
            slow.answers.set()
            await here.grant.refresh()
        redis.asked.delete(*redis.names("locks"))
        with pytest.raises(SessionExpired):
            await there.grant.refresh()
        await one.store.catch_up("ada")
        await other.store.catch_up("ada")
        assert (here.state, there.state) == (State.SIGNED_IN, State.SIGNED_IN)
        assert "5" in (there.grant.credentials.access_token or "")


async def test_a_sign_in_that_can_not_be_told_fails_and_is_told_with_the_next_call(
    pair: Pair, redis: RedisServer
) -> None:
    one, other, here, _ = pair

    async def move() -> None:
        async with one.store.moving("ada") as moving:
            await moving.sign_in(**GRACE, captcha=None)
            redis.stop()

    with pytest.raises(StoreUnavailable):
        await move()
    redis.start()
    assert (await other.session("ada")).email == ADA["email"]
    assert (await one.session("ada")) is here
    assert (await other.session("ada")).email == GRACE["email"]


async def test_a_sign_out_that_can_not_be_told_fails_and_is_told_with_the_next_call(
    pair: Pair, redis: RedisServer
) -> None:
    one, other, _, there = pair

    async def move() -> None:
        async with one.store.moving("ada") as moving:
            await moving.sign_out()
            redis.stop()

    with pytest.raises(StoreUnavailable):
        await move()
    redis.start()
    assert await other.session("ada") is there
    assert await one.find("ada") is None
    assert await other.find("ada") is None
    assert redis.names("sessions") == []


async def test_a_move_whose_turn_does_not_come_leaves_no_session(
    upstream: FakeUpstream, clock: FakeClock, redis: RedisServer
) -> None:
    async with replicas(1, upstream, clock, redis) as (one,):
        with redis.stopped(), pytest.raises(StoreUnavailable):
            await sign_in(one, None)
        assert len(one.store) == 0


async def test_where_redis_lost_its_data_nobody_is_signed_in(pair: Pair, redis: RedisServer) -> None:
    one, other, _, _ = pair
    redis.asked.flushall()
    assert await one.find("ada") is await other.find("ada") is None
    assert not one.store.has_ended("ada")


async def test_a_record_ends_with_its_session_and_it_is_known_whose_it_was(
    pair: Pair, clock: FakeClock, redis: RedisServer
) -> None:
    one, other, _, _ = pair
    redis.wait(99)
    clock.advance(99)
    await other.session("ada")  # which is a use
    redis.wait(99)
    clock.advance(99)
    await one.session("ada")
    redis.wait(100)
    assert redis.names("sessions") == []
    assert await other.find("ada") is None
    assert (other.store.has_ended("ada"), other.store.ended_account("ada")) == (True, ADA["email"])


async def test_a_use_is_noted_once_a_minute(pair: Pair, clock: FakeClock, redis: RedisServer) -> None:
    one, _, _, _ = pair
    (name,) = redis.names("sessions")
    began = clock()
    for seconds, noted in ((0, began), (TOUCH_SECONDS - 1, began), (1, began + TOUCH_SECONDS)):
        clock.advance(seconds)
        await one.session("ada")
        assert float(redis.asked.hget(name, "used_at") or 0) == noted


async def test_what_another_release_wrote_is_as_if_it_were_not_there(
    pair: Pair, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    one, _, here, _ = pair
    shelf = one.shelf
    assert shelf
    record = await shelf.read("ada", known={})
    assert record
    over = record.parts["session"].version
    await shelf.write("ada", {"session": Change(b'{"new": 1}', "v2", over)}, used_at=clock(), seconds=60)
    assert await one.find("ada") is None
    assert here.state is State.SIGNED_OUT
    assert "do all run the same release?" in caplog.text


async def test_copies_make_room_and_are_swept_and_no_session_ends_by_that(
    upstream: FakeUpstream, clock: FakeClock, redis: RedisServer
) -> None:
    async with replicas(2, upstream, clock, redis, most=1) as (one, other):
        await sign_in(one, "ada")
        await sign_in(one, "grace", GRACE)
        assert len(one.store) == 1
        assert (await one.session("ada")).email == ADA["email"]
        clock.advance(50)
        await other.session("ada")
        clock.advance(60)
        with (await other.session("ada")).in_use():
            one.store.sweep()
        assert len(one.store) == 0
        one.store.wipe()
        assert (await one.session("ada")).email == ADA["email"]
