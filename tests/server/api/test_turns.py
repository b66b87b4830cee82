"""``Turns``: who waits for whom where many ask."""

import gc
import weakref

import anyio
import pytest
from rememberizer_mcp.server.api.endpoints import AGENTIC_SEARCH, SEARCH, Lane
from rememberizer_mcp.server.api.turns import MOST_AT_ONCE, Turns

from tests.support.clock import FakeClock
from tests.support.sessions import Owner, environment_on, session_of, store_of
from tests.support.upstream import Slow, reply, usual


async def running(turns: Turns, *owners: str | None, lane: Lane = Lane.USUAL) -> list[str | None]:
    """Whose turns have come, where each of these asks for one and nobody ends."""
    came: list[str | None] = []

    async def ask(owner: str | None) -> None:
        async with turns.turn(lane, owner):
            came.append(owner)
            await anyio.sleep_forever()

    with anyio.fail_after(5):
        async with anyio.create_task_group() as tasks:
            for owner in owners:
                tasks.start_soon(ask, owner)
            await anyio.wait_all_tasks_blocked()
            tasks.cancel_scope.cancel()
    await anyio.lowlevel.checkpoint()  # see ``resync``
    return came


@pytest.mark.promise("upstream:turns:owners")
async def test_one_owner_takes_a_part_of_a_lane_and_the_others_the_rest() -> None:
    turns = Turns(in_all=5, by_one=2)
    for _ in range(2):  # the second time, what was cancelled left nothing behind
        came = await running(turns, *["ada"] * 4, *["grace"] * 4, *["joan"] * 4)
        assert came == ["ada", "ada", "grace", "grace", "joan"]
    assert await running(turns, *["ada"] * 4, lane=Lane.SLOW) == ["ada", "ada"]


async def test_what_is_nobodys_waits_for_the_lane_alone() -> None:
    assert await running(Turns(in_all=5, by_one=2), *[None] * 6) == [None] * 5


async def test_the_only_owner_of_a_process_has_the_whole_lane() -> None:
    assert await running(Turns(), *["stdio"] * 20) == ["stdio"] * MOST_AT_ONCE


@pytest.mark.promise("sessions:lifetime:growth")
async def test_no_turns_are_kept_for_an_owner_who_asks_nothing() -> None:
    turns, owner = Turns(in_all=5, by_one=2), Owner("ada")
    name = weakref.ref(owner)
    assert await running(turns, owner) == ["ada"]
    del owner
    gc.collect()
    assert name() is None


@pytest.mark.promise("upstream:turns:owners")
async def test_the_slow_calls_of_one_account_hold_up_no_other_account(clock: FakeClock) -> None:
    slow, upstream = Slow(reply(200, json={})), usual()
    upstream.answers |= {AGENTIC_SEARCH.path: slow, SEARCH.path: reply(200, json={})}
    async with environment_on(upstream, clock, turns=Turns(in_all=3, by_one=2)) as environment:
        store = store_of(environment)
        ada, grace = await session_of(store, "ada"), await session_of(store, "grace")
        with anyio.fail_after(5):
            async with anyio.create_task_group() as tasks:
                for session in (ada, ada, ada, grace):
                    tasks.start_soon(session.grant.request, AGENTIC_SEARCH.call())
                await anyio.wait_all_tasks_blocked()
                assert len(upstream.asked(AGENTIC_SEARCH.path)) == 3
                assert (await ada.grant.request(SEARCH.call())).is_success
                slow.answers.set()
    assert len(upstream.asked(AGENTIC_SEARCH.path)) == 4
