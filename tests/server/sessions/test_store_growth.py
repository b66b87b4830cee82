"""A store of many sessions: what a sign-in costs there, and what is kept of owners who don't come back."""

import gc
import weakref

import pytest
from rememberizer_mcp.server.sessions.session import Session
from rememberizer_mcp.server.sessions.states import EndedPage, Environment
from rememberizer_mcp.server.sessions.store import SessionStore

from tests.support.clock import FakeClock
from tests.support.sessions import Owner, environment_on, session_of, store_of
from tests.support.upstream import usual


class Read(FakeClock):
    """A clock that counts how often it was read."""

    def __init__(self) -> None:
        super().__init__()
        self.reads = 0

    def __call__(self) -> float:
        self.reads += 1
        return super().__call__()


async def sign_in_all(store: SessionStore, owners: range) -> None:
    for number in owners:
        await session_of(store, f"owner {number}")


async def reads_of_a_sign_in(environment: Environment, clock: Read, *, others: int, most: int) -> int:
    """How often the clock is read by one more sign-in beside so many others."""
    store = store_of(environment, most=most)
    await sign_in_all(store, range(others))
    before = clock.reads
    await session_of(store, "one more")
    return clock.reads - before


@pytest.mark.promise("sessions:lifetime:growth")
@pytest.mark.parametrize("room", [0, 1], ids=["full", "not full"])
async def test_a_sign_in_looks_at_no_more_sessions_where_there_are_many(room: int) -> None:
    clock = Read()
    async with environment_on(usual(), clock) as environment:
        few, many = [
            await reads_of_a_sign_in(environment, clock, others=others, most=others + room) for others in (5, 200)
        ]
    assert 0 < few == many


@pytest.mark.promise("sessions:lifetime:growth")
async def test_only_sessions_in_use_are_passed_over_on_the_way_to_the_longest_unused(clock: FakeClock) -> None:
    async with environment_on(usual(), clock) as environment:
        store = store_of(environment, most=4)
        first, second, third, fourth = [await session_of(store, f"owner {number}") for number in range(4)]
        with second.in_use():
            pass
        with first.in_use(), third.in_use():
            await sign_in_all(store, range(4, 6))
        found = [store.find(session.owner) for session in (first, second, third, fourth)]
    assert found == [first, None, third, None]


@pytest.mark.promise("sessions:lifetime:idle-cap-sweeper")
async def test_a_session_in_use_beyond_its_lifetime_makes_room(clock: FakeClock) -> None:
    async with environment_on(usual(), clock) as environment:
        store = store_of(environment, most=1, lifetime=1000)
        with (await session_of(store, "ada")).in_use():
            clock.advance(1000)
            grace = await session_of(store, "grace")
        assert (store.find("ada"), store.find("grace")) == (None, grace)


async def test_the_end_of_a_call_is_no_use_of_the_session_that_came_after(clock: FakeClock) -> None:
    async with environment_on(usual(), clock) as environment:
        store = store_of(environment, most=2)
        old = await session_of(store, "ada")
        with old.in_use():
            store.wipe()
            await session_of(store, "ada")
            grace = await session_of(store, "grace")
        await session_of(store, "joan")
        assert (store.find("ada"), store.find("grace")) == (None, grace)


async def ended(store: SessionStore, clock: FakeClock, *owners: str) -> None:
    """Let these owners sign in, and leave until their sessions end."""
    for owner in owners:
        await session_of(store, owner)
    clock.advance(100)
    store.sweep()


@pytest.mark.promise("sessions:lifetime:growth")
async def test_whose_session_ended_is_remembered_for_its_time_and_of_the_latest_only(clock: FakeClock) -> None:
    async with environment_on(usual(), clock) as environment:
        store = store_of(environment, most=2, remembered=500)
        await ended(store, clock, "ada")
        await ended(store, clock, "grace", "joan")
        assert [store.has_ended(owner) for owner in ("ada", "grace", "joan")] == [False, True, True]
        assert store.ended_account("joan") == "ada@example.org"
        clock.advance(499)
        assert store.has_ended("joan")
        clock.advance(1)
        assert (store.has_ended("joan"), store.ended_account("joan")) == (False, None)


@pytest.mark.promise("sessions:lifetime:growth")
async def test_nothing_is_left_of_an_owner_who_does_not_come_back(clock: FakeClock) -> None:
    async with environment_on(usual(), clock) as environment:
        store, owner = store_of(environment, remembered=500), Owner("ada")
        session = await session_of(store, owner)
        session.last_page = EndedPage("declined", "steady honey")
        name, held = weakref.ref(owner), weakref.ref[Session](session)
        del owner, session
        await ended(store, clock, "grace")
        gc.collect()
        assert (held(), name() is None) == (None, False)
        clock.advance(500)
        store.sweep()
        gc.collect()
        assert name() is None
