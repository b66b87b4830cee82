"""Handles, owners, lifetimes and the cap."""

import anyio
import pytest
from rememberizer_mcp.server.errors import InvalidCredentials, NotSignedIn, TooManySessions, UnknownSession
from rememberizer_mcp.server.sessions.session import Session
from rememberizer_mcp.server.sessions.states import State
from rememberizer_mcp.server.sessions.store import SWEEP_SECONDS

from tests.support.agent import ADA, GRACE
from tests.support.clock import FakeClock, Gate
from tests.support.sessions import ACCOUNT, environment_on, session_of, store_of
from tests.support.upstream import Slow, reply, usual


@pytest.mark.promise("sessions:handle:random-and-bounded")
async def test_handles_are_long_random_and_url_safe(clock: FakeClock) -> None:
    async with environment_on(usual(), clock) as environment:
        store = store_of(environment, most=50)
        handles = {(await session_of(store, f"owner {number}")).handle for number in range(50)}
    assert len(handles) == 50
    for handle in handles:
        assert handle.startswith("rs_")
        assert len(handle) == 3 + 32  # 24 bytes, 192 bits, in base64
        assert handle.replace("-", "").replace("_", "").isalnum()


@pytest.mark.promise(
    "sessions:handle:no-authentication", "sessions:handle:unknown-as-foreign", "sessions:handle:never-anothers"
)
async def test_a_foreign_handle_is_answered_like_an_unknown_one(clock: FakeClock) -> None:
    async with environment_on(usual(), clock) as environment:
        store = store_of(environment)
        handle = (await session_of(store, "ada")).handle
        said = []
        for owner, asked in (("grace", handle), ("grace", "rs_unknown"), ("ada", "rs_unknown"), ("grace", "")):
            with pytest.raises(UnknownSession) as error:
                store.find(owner, asked)
            with pytest.raises(UnknownSession):
                await store.moving(owner, asked, create=True).__aenter__()
            said.append(str(error.value))
        assert len(set(said)) == 1
        assert store.find("grace") is None
        found = store.find("ada", handle)
        assert found is store.find("ada")
        assert found is not None


async def test_a_move_without_a_session_is_refused_or_makes_one(clock: FakeClock) -> None:
    async with environment_on(usual(), clock) as environment:
        store = store_of(environment)
        with pytest.raises(NotSignedIn):
            await store.moving("ada").__aenter__()
        async with store.moving("ada", create=True) as session:
            assert session.state is State.SIGNED_OUT
        assert len(store) == 0


async def test_a_session_that_ends_up_signed_out_is_dropped(clock: FakeClock) -> None:
    async with environment_on(usual(signin=reply(401)), clock) as environment:
        store = store_of(environment)
        with pytest.raises(InvalidCredentials):
            await session_of(store, "ada")
        assert len(store) == 0
        assert repr(store) == "<SessionStore: 0 sessions>"


@pytest.mark.promise("sessions:lifetime:idle-cap-sweeper")
async def test_an_idle_session_ends_and_a_used_one_does_not(clock: FakeClock) -> None:
    async with environment_on(usual(), clock) as environment:
        store = store_of(environment, idle=100)
        session = await session_of(store, "ada")
        clock.advance(99)
        with session.in_use():
            clock.advance(500)
            assert store.find("ada") is session
        clock.advance(99)
        assert store.find("ada", session.handle) is session
        clock.advance(1)
        assert store.find("ada") is None
        with pytest.raises(UnknownSession):
            store.find("ada", session.handle)
        assert session.state is State.SIGNED_OUT


@pytest.mark.promise("sessions:lifetime:idle-cap-sweeper", "sessions:handle:random-and-bounded")
async def test_a_session_ends_with_its_absolute_lifetime_although_used(clock: FakeClock) -> None:
    async with environment_on(usual(), clock) as environment:
        store = store_of(environment, idle=10_000, lifetime=1000)
        session = await session_of(store, "ada")
        clock.advance(999)
        with session.in_use():
            assert store.find("ada") is session
            clock.advance(1)
            assert store.find("ada") is None


@pytest.mark.promise("sessions:lifetime:idle-cap-sweeper")
async def test_a_new_sign_in_begins_a_new_lifetime(clock: FakeClock) -> None:
    async with environment_on(usual(), clock) as environment:
        store = store_of(environment, idle=10_000, lifetime=1000)
        session = await session_of(store, "ada")
        clock.advance(999)
        assert await session_of(store, "ada") is session
        clock.advance(999)
        assert store.find("ada") is session


@pytest.mark.promise("sessions:lifetime:idle-cap-sweeper")
async def test_the_longest_unused_session_makes_room(clock: FakeClock) -> None:
    async with environment_on(usual(), clock) as environment:
        store = store_of(environment, most=2)
        first, second = await session_of(store, "first"), await session_of(store, "second")
        clock.advance(1)
        with first.in_use():
            clock.advance(1)
        third = await session_of(store, "third")
        assert second.state is State.SIGNED_OUT
        assert [store.find("first"), store.find("second"), store.find("third")] == [first, None, third]


@pytest.mark.promise("sessions:lifetime:idle-cap-sweeper")
async def test_sessions_in_use_are_never_dropped_for_room(clock: FakeClock) -> None:
    async with environment_on(usual(), clock) as environment:
        store = store_of(environment, most=2)
        first = await session_of(store, "first")
        with first.in_use():
            async with store.moving("second", create=True):
                with pytest.raises(TooManySessions):
                    await session_of(store, "third")
        assert store.find("first") is first
        assert store.find("third") is None


@pytest.mark.promise("sessions:lifetime:idle-cap-sweeper")
async def test_a_session_whose_move_is_about_to_begin_is_never_dropped_for_room(clock: FakeClock) -> None:
    async with environment_on(usual(), clock) as environment:
        store = store_of(environment, most=2)
        first = await session_of(store, "first")
        clock.advance(1)
        second = await session_of(store, "second")
        async with first.moving:
            third = await session_of(store, "third")
            assert [store.find("first"), store.find("second"), store.find("third")] == [first, None, third]
            async with third.moving:
                with pytest.raises(TooManySessions):
                    await session_of(store, "fourth")
        assert (first.state, second.state) == (State.SIGNED_IN, State.SIGNED_OUT)


@pytest.mark.promise("sessions:lifetime:idle-cap-sweeper")
async def test_an_expired_session_makes_room_before_a_live_one(clock: FakeClock) -> None:
    async with environment_on(usual(), clock) as environment:
        store = store_of(environment, most=2, idle=100)
        await session_of(store, "stale")
        clock.advance(60)
        live = await session_of(store, "live")
        clock.advance(60)
        await session_of(store, "new")
        assert store.find("live") is live


@pytest.mark.promise("sessions:lifetime:idle-cap-sweeper")
async def test_the_sweeper_drops_what_is_over_once_a_minute(clock: FakeClock) -> None:
    gate = Gate()
    upstream = usual()
    async with environment_on(upstream, clock) as environment, anyio.create_task_group() as tasks:
        store = store_of(environment, idle=100)
        session = await session_of(store, "ada")
        asked = len(upstream.requests)
        tasks.start_soon(store.keep_sweeping, gate.sleep)
        for age, left in ((50, 1), (50, 0)):
            with anyio.fail_after(5):
                await gate.waiting.wait()
                clock.advance(age)
                gate.open()
                await gate.waiting.wait()
            assert len(store) == left
        tasks.cancel_scope.cancel()
    assert session.state is State.SIGNED_OUT
    assert gate.waits == [SWEEP_SECONDS] * 3
    assert len(upstream.requests) == asked


@pytest.mark.promise("sessions:states:re-login")
async def test_two_first_logins_at_once_end_in_one_session(clock: FakeClock) -> None:
    upstream = usual(me=reply(404))
    async with environment_on(upstream, clock) as environment:
        store = store_of(environment, most=1)
        sessions: list[Session] = []

        async def log_in(account: dict[str, str]) -> None:
            async with store.moving("ada", create=True) as session:
                await session.sign_in(**account, captcha=None)
                sessions.append(session)

        with anyio.fail_after(5):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(log_in, ADA)
                tasks.start_soon(log_in, GRACE)
        assert sessions == [store.find("ada")] * 2
        assert sessions[0].email == GRACE["email"]
    assert upstream.paths == ["auth/signin/", "me/", "auth/signin/", "me/", "auth/custom-logout/"]


async def test_a_move_that_waited_for_an_ended_session_begins_anew(clock: FakeClock) -> None:
    async with environment_on(usual(), clock) as environment:
        store = store_of(environment)
        session = await session_of(store, "ada")
        refused: list[bool] = []

        async def move(handle: str | None) -> None:
            try:
                async with store.moving("ada", handle, create=True) as later:
                    refused.append(later is session)
            except UnknownSession:
                refused.append(True)

        with anyio.fail_after(5):
            async with anyio.create_task_group() as tasks, store.moving("ada") as ending:
                tasks.start_soon(move, ending.handle)
                tasks.start_soon(move, None)
                await anyio.wait_all_tasks_blocked()
                ending.wipe()
        assert refused == [True, False]


async def test_a_login_under_way_is_not_swept_away(clock: FakeClock) -> None:
    async with environment_on(usual(), clock) as environment:
        store = store_of(environment, lifetime=1000)
        async with store.moving("ada", create=True) as session:
            clock.advance(5000)
            store.sweep()
            await session.sign_in(**ADA, captcha=None)
        assert store.find("ada") is session


async def test_a_session_wiped_in_the_middle_of_a_move_stays_gone(clock: FakeClock) -> None:
    async with environment_on(usual(), clock) as environment:
        store = store_of(environment)
        await session_of(store, "ada")
        async with store.moving("ada"):
            store.wipe()
        assert store.find("ada") is None


@pytest.mark.promise("process:stdout:protocol-only")
async def test_wiping_the_store_forgets_all_and_tells_nobody(clock: FakeClock) -> None:
    upstream = usual()
    async with environment_on(upstream, clock) as environment:
        store = store_of(environment)
        session = await session_of(store, "ada")
        asked = len(upstream.requests)
        store.wipe()
        assert len(store) == 0
        assert session.state is State.SIGNED_OUT
    assert len(upstream.requests) == asked


@pytest.mark.promise("sessions:lifetime:idle-cap-sweeper")
async def test_a_session_whose_account_asks_is_neither_idle_nor_evicted(clock: FakeClock) -> None:
    slow = Slow(reply(200, json={"id": 1}))
    async with environment_on(usual(account=[reply(200, json={}), slow]), clock) as environment:
        store = store_of(environment, most=1, idle=100)
        session = await session_of(store, "ada")
        clock.advance(99)
        await session.grant.request(ACCOUNT)
        clock.advance(99)
        assert store.find("ada") is session
        with anyio.fail_after(5):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(lambda: session.grant.request(ACCOUNT))
                await slow.asked.wait()
                clock.advance(200)
                with pytest.raises(TooManySessions):
                    await store.moving("grace", create=True).__aenter__()
                assert store.find("ada") is session
                slow.answers.set()
