"""One port for all pages, from the first to the last."""

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio
import pytest
from rememberizer_mcp.server.limiter import AttemptLimiter
from rememberizer_mcp.server.settings import Settings
from rememberizer_mcp.server.signin.desk import SignInDesk
from rememberizer_mcp.server.signin.pending import End, PendingSignIn
from rememberizer_mcp.server.store import SessionStore

from tests.support.clock import FakeClock
from tests.support.person import visit
from tests.support.sessions import environment_on, store_of
from tests.support.upstream import usual


@asynccontextmanager
async def desk(clock: FakeClock) -> AsyncIterator[tuple[SignInDesk, SessionStore]]:
    async with environment_on(usual(), clock) as environment:
        store = store_of(environment, clock)
        made = SignInDesk(
            settings=Settings(),
            sessions=store,
            attempts=AttemptLimiter(now=clock),
            environment=environment,
            client=None,
            sleep=for_good,
        )
        try:
            yield made, store
        finally:
            await made.aclose()


async def for_good(_: float) -> None:
    await anyio.sleep_forever()


async def page_for(on: SignInDesk, store: SessionStore, owner: str) -> PendingSignIn:
    async with store.moving(owner, create=True) as session:
        return await on.open(session)


def port_of(page: PendingSignIn) -> int:
    return int(page.url.split(":")[2].partition("/")[0])


def is_open(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


@pytest.mark.promise("S8", "S18", "D81")
async def test_two_sessions_have_two_pages_at_one_port_which_closes_with_the_last(clock: FakeClock) -> None:
    async with desk(clock) as (on, store):
        ada, grace = await page_for(on, store, "ada"), await page_for(on, store, "grace")
        assert port_of(ada) == port_of(grace)
        assert (await visit(ada.url)).text.count(ada.confirm_code) == 1
        assert (await visit(grace.url)).text.count(ada.confirm_code) == 0
        ada.close()
        await anyio.wait_all_tasks_blocked()
        assert (await visit(ada.url)).status_code == 404
        grace.close()
        await on.aclose()
        assert not is_open(port_of(grace))
        assert len(store) == 0


@pytest.mark.promise("S18")
async def test_after_its_last_page_a_desk_opens_another(clock: FakeClock) -> None:
    async with desk(clock) as (on, store):
        first = await page_for(on, store, "ada")
        first.close()
        second = await page_for(on, store, "ada")
        assert (await visit(second.url)).status_code == 200
        await on.aclose()
        assert second.end is End.CLOSED


@pytest.mark.promise("D79")
async def test_a_session_with_an_open_page_is_not_dropped_to_make_room(clock: FakeClock) -> None:
    async with desk(clock) as (on, store):
        for owner in ("ada", "grace"):
            await page_for(on, store, owner)
        clock.advance(500)
        assert store.find("ada") is not None
        await on.aclose()


async def test_a_client_that_can_not_be_told_does_no_harm(clock: FakeClock, caplog: pytest.LogCaptureFixture) -> None:
    async def crash() -> None:
        raise ConnectionError("gone")

    async with desk(clock) as (on, store):
        page = await page_for(on, store, "ada")
        page.when_ended.append(crash)
        page.close()
        await on.aclose()
        await anyio.wait_all_tasks_blocked()
        assert len(store) == 0
    assert "a client could not be told that its user is done" in caplog.text


@pytest.mark.promise("S44", "S4")
async def test_a_page_shows_neither_ticket_nor_handle_in_its_repr(clock: FakeClock) -> None:
    async with desk(clock) as (on, store):
        page = await page_for(on, store, "ada")
        assert page.ticket not in repr(page)
        assert page.session.handle not in repr(page)
        assert page.session.handle not in page.url
        assert "open" in repr(page)
        await on.aclose()
        assert "CLOSED" in repr(page)
