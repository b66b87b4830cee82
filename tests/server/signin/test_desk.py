"""One port for all pages, from the first to the last."""

import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import anyio
import anyio.lowlevel
import pytest
from rememberizer_mcp.server.api.oauth import OAuthClient
from rememberizer_mcp.server.sessions.limiter import AttemptLimiter
from rememberizer_mcp.server.sessions.store import SessionStore
from rememberizer_mcp.server.settings.settings import Settings
from rememberizer_mcp.server.signin.actions import Visit
from rememberizer_mcp.server.signin.desk import MOST_ENDED, SignInDesk
from rememberizer_mcp.server.signin.pending import End, PendingSignIn

from tests.support.clock import FakeClock, for_good
from tests.support.person import visit
from tests.support.ports import free_port
from tests.support.sessions import environment_on, store_of
from tests.support.upstream import BASE_URL, usual


@asynccontextmanager
async def desk(
    clock: FakeClock,
    *,
    oauth_port: int | None = None,
    sleep: Callable[[float], Awaitable[None]] | None = None,
    after_spawn: Callable[[], None] = lambda: None,
) -> AsyncIterator[tuple[SignInDesk, SessionStore]]:
    async with environment_on(usual(), clock) as environment:

        def spawn(work: Callable[[], Coroutine[Any, Any, None]]) -> None:
            environment.spawn(work)
            after_spawn()

        store = store_of(environment)
        client = OAuthClient(client_id="app", client_secret="s", redirect_uri="", authorize_url=BASE_URL)
        made = SignInDesk(
            settings=Settings(oauth_port=oauth_port or 8976),
            sessions=store,
            attempts=AttemptLimiter(environment.shelf),
            environment=replace(environment, spawn=spawn),
            client=client if oauth_port else None,
            sleep=sleep or for_good,
        )
        try:
            yield made, store
        finally:
            await made.aclose()


async def page_for(on: SignInDesk, store: SessionStore, owner: str | None) -> PendingSignIn:
    async with store.moving(owner, create=True) as session:
        return await on.open(session)


def port_of(page: PendingSignIn) -> int:
    return int(page.url.split(":")[2].partition("/")[0])


def is_open(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


@pytest.mark.promise(
    "sign-in:elicitation:bound-to-client", "sign-in:pending:abandoned-reaped", "sign-in:end:page-closed"
)
async def test_two_sessions_have_two_pages_at_one_port_which_closes_with_the_last(clock: FakeClock) -> None:
    async with desk(clock) as (on, store):
        ada, grace = await page_for(on, store, "ada"), await page_for(on, store, "grace")
        assert port_of(ada) == port_of(grace)
        assert (await visit(ada.url)).text.count(ada.confirm_code) == 1
        assert (await visit(grace.url)).text.count(ada.confirm_code) == 0
        ada.close()
        await anyio.wait_all_tasks_blocked()
        assert (await visit(ada.url)).status_code == 410
        grace.close()
        await anyio.wait_all_tasks_blocked()
        assert len(store) == 0
        await on.aclose()
        assert not is_open(port_of(grace))


@pytest.mark.promise("sign-in:pending:abandoned-reaped")
async def test_after_its_last_page_a_desk_opens_another(clock: FakeClock) -> None:
    async with desk(clock) as (on, store):
        first = await page_for(on, store, "ada")
        first.close()
        second = await page_for(on, store, "ada")
        assert (await visit(second.url)).status_code == 200
        await on.aclose()
        assert second.end is End.CLOSED


@pytest.mark.promise("sign-in:pending:one-page-for-two")
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


@pytest.mark.promise("settings:secrets:never-shown", "sign-in:elicitation:no-credentials-in-url")
async def test_a_page_shows_neither_ticket_nor_handle_in_its_repr(clock: FakeClock) -> None:
    async with desk(clock) as (on, store):
        page = await page_for(on, store, "ada")
        assert page.ticket not in repr(page)
        assert page.session.handle not in repr(page)
        assert page.session.handle not in page.url
        assert "canary" not in repr(Visit(pending=page, browser="canary", fields={"password": "canary"}))
        assert "open" in repr(page)
        await on.aclose()
        assert "CLOSED" in repr(page)


@pytest.mark.promise("page:account:another-by-step")
@pytest.mark.parametrize("email", [None, "ada@example.org"])
async def test_a_page_keeps_that_another_account_was_chosen_if_one_was_meant(
    email: str | None, clock: FakeClock
) -> None:
    async with desk(clock) as (on, store):
        async with store.moving("ada", create=True) as session:
            page = await on.open(session, email=email)
        assert page.another_account is False
        await visit(page.url, form="another_account")
        assert page.another_account is (email is not None)


@pytest.mark.promise("page:account:meant")
async def test_a_page_that_is_asked_for_again_for_nobody_stays_for_the_account_before(clock: FakeClock) -> None:
    async with desk(clock) as (on, store), store.moving("ada", create=True) as session:
        page = await on.open(session, email="ada@example.org")
        assert (await on.open(session), page.only_account) == (page, "ada@example.org")


async def test_a_page_whose_time_ends_while_a_call_waits_its_turn_is_not_handed_out(clock: FakeClock) -> None:
    async with desk(clock) as (on, store), store.moving("ada", create=True) as session:
        first = await on.open(session)
        clock.advance(600)
        assert await on.open(session) is not first


async def test_a_page_for_a_new_account_shows_its_form_also_where_an_oauth_app_signs_in(clock: FakeClock) -> None:
    async with desk(clock, oauth_port=free_port()) as (on, store), store.moving("ada", create=True) as session:
        assert (await on.open(session, form="sign_up")).waiting_for == "new_account"
        assert (await on.open(session)).waiting_for == "consent"


async def test_a_page_that_is_closed_within_a_move_leaves_the_session_to_that_move(clock: FakeClock) -> None:
    async with desk(clock) as (on, store):
        async with store.moving("ada", create=True) as session:
            (await on.open(session)).close()
            await anyio.wait_all_tasks_blocked()
            assert store.find("ada") is session
        assert len(store) == 0


@pytest.mark.promise("sessions:lifetime:idle-cap-sweeper")
async def test_a_session_that_nobody_signed_in_to_ends_with_its_page_and_leaves_no_account(clock: FakeClock) -> None:
    async with desk(clock) as (on, store):
        page = await page_for(on, store, "ada")
        clock.advance(1000)
        assert not store.has_ended("ada")
        assert (page.end, len(store)) == (End.ABANDONED, 0)


@pytest.mark.promise("page:end:explained")
@pytest.mark.parametrize("owner", ["ada", None])
async def test_only_so_many_pages_of_an_owner_speak_after_their_end_and_the_oldest_go_first(
    clock: FakeClock, owner: str | None
) -> None:
    async with desk(clock) as (on, store):
        pages = [await page_for(on, store, "grace")]
        for _ in range(MOST_ENDED + 2):
            pages[-1].close()
            await anyio.wait_all_tasks_blocked()
            pages.append(await page_for(on, store, owner))
        pages[-1].close()
        await anyio.wait_all_tasks_blocked()
        answers = [(await visit(page.url)).status_code for page in pages]
    assert answers == [410] + [404] * 2 + [410] * MOST_ENDED
