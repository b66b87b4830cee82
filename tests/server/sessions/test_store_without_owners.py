"""Sessions of nobody in particular: whoever has the handle may use one, and there is no other way to it."""

import pytest
from rememberizer_mcp.server.errors import NotSignedIn, UnknownSession
from rememberizer_mcp.server.sessions.states import EndedPage

from tests.support.clock import FakeClock
from tests.support.sessions import environment_on, session_of, store_of
from tests.support.upstream import usual


async def test_each_move_that_names_no_session_opens_one(clock: FakeClock) -> None:
    async with environment_on(usual(), clock) as environment:
        store = store_of(environment)
        first, second = await session_of(store, None), await session_of(store, None)
        assert len(store) == 2
        assert store.find(None) is None
        assert [store.find(None, each.handle) for each in (first, second)] == [first, second]
        with pytest.raises(NotSignedIn):
            await store.moving(None).__aenter__()
        async with store.moving(None, second.handle, create=True) as moving:
            assert moving is second


@pytest.mark.promise("sessions:handle:unknown-as-foreign")
async def test_a_handle_is_found_neither_by_an_owner_nor_when_its_session_ended(clock: FakeClock) -> None:
    async with environment_on(usual(), clock) as environment:
        store = store_of(environment)
        handle = (await session_of(store, None)).handle
        ada = await session_of(store, "ada")
        said = []
        for owner, asked in (("grace", handle), ("ada", handle), (None, ada.handle), (None, "ada"), (None, "")):
            with pytest.raises(UnknownSession) as error:
                store.find(owner, asked)
            said.append(str(error.value))
        clock.advance(100)
        with pytest.raises(UnknownSession) as error:
            store.find(None, handle)
        assert {*said, str(error.value)} == {said[0]}


@pytest.mark.promise("sessions:lifetime:growth")
async def test_nothing_is_remembered_of_a_session_that_nobody_can_ask_for_any_more(clock: FakeClock) -> None:
    async with environment_on(usual(), clock) as environment:
        store = store_of(environment)
        session = await session_of(store, None)
        session.last_page, handle = EndedPage("declined", "steady honey"), session.handle
        clock.advance(100)
        store.sweep()
        assert len(store) == 0
        assert [(store.has_ended(name), store.last_page(name)) for name in (None, handle)] == [(False, None)] * 2
