"""A sign-in, or a sign-out, that takes place while a call or a refresh is under way."""

from collections.abc import Awaitable, Callable
from typing import Any

import anyio
import httpx
import pytest
from rememberizer_mcp.server.errors import AccountChanged, NotSignedIn, RememberizerError
from rememberizer_mcp.server.sessions.session import Session
from rememberizer_mcp.server.sessions.states import State

from tests.support.agent import ADA, GRACE
from tests.support.clock import FakeClock
from tests.support.sessions import ACCOUNT, signed_in
from tests.support.upstream import Slow, cookies_of, reply, tokens, usual

of_a_refresh = pytest.mark.parametrize(
    "answer", [reply(cookies=tokens(2)), reply(401), reply(503)], ids=["new", "refused", "lost"]
)


async def _swallow(work: Callable[[], Awaitable[Any]]) -> None:
    with pytest.raises(RememberizerError):
        await work()


async def _refresh_ends_with(session: Session, words: str) -> None:
    with pytest.raises(AccountChanged, match=words):
        await session.grant.refresh()


@pytest.mark.promise("sessions:refresh:older-never-wins")
async def test_a_late_refresh_of_the_first_account_does_not_reach_the_second(clock: FakeClock) -> None:
    held = Slow(reply(401))
    upstream = usual(
        signin=[reply(cookies=tokens(1)), reply(cookies=tokens(5))],
        custom_refresh=held,
        me=reply(404),
        custom_logout=reply(),
    )
    async with signed_in(upstream, clock) as session:
        with anyio.fail_after(5):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(_refresh_ends_with, session, f"{GRACE['email']} is signed in now")
                await held.asked.wait()
                tasks.start_soon(lambda: session.sign_in(**GRACE, captcha=None))
                await anyio.wait_all_tasks_blocked()
                assert session.email == GRACE["email"]
                held.answers.set()
        assert session.state is State.SIGNED_IN
        await session.sign_out()
    assert cookies_of(upstream.requests[-1]) == {"access_token=access-5", "refresh_token=refresh-5"}


@pytest.mark.promise("sessions:states:re-login")
async def test_a_call_of_the_first_account_is_not_repeated_as_the_second(clock: FakeClock) -> None:
    held = Slow(reply(401))
    upstream = usual(account=held, me=reply(404))
    errors: list[RememberizerError] = []

    async def ask(session: Session) -> None:
        try:
            await session.grant.request(ACCOUNT)
        except RememberizerError as error:
            errors.append(error)

    async with signed_in(upstream, clock) as session:
        with anyio.fail_after(5):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(ask, session)
                await held.asked.wait()
                await session.sign_in(**GRACE, captcha=None)
                held.answers.set()
        assert [error.code for error in errors] == ["account_changed"]
        assert session.state is State.SIGNED_IN
    assert len(upstream.asked("account/")) == 1


@pytest.mark.promise("sessions:states:re-login")
@of_a_refresh
async def test_a_refresh_that_a_new_sign_in_overtook_says_who_is_signed_in(
    answer: httpx.Response, clock: FakeClock
) -> None:
    slow = Slow(answer)
    upstream = usual(signin=[reply(cookies=tokens(1)), reply(cookies=tokens(5))], custom_refresh=slow)
    async with signed_in(upstream, clock) as session:
        with anyio.fail_after(5):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(_refresh_ends_with, session, f"{ADA['email']} is signed in now")
                await slow.asked.wait()
                await session.sign_in(**ADA, captcha=None)
                slow.answers.set()
        assert session.state is State.SIGNED_IN
        await session.sign_out()
    assert cookies_of(upstream.requests[-1]) == {"access_token=access-5", "refresh_token=refresh-5"}


@of_a_refresh
async def test_a_refresh_of_a_session_that_was_signed_out_meanwhile_says_so(
    answer: httpx.Response, clock: FakeClock
) -> None:
    slow = Slow(answer)
    async with signed_in(usual(custom_refresh=slow), clock) as session:
        with anyio.fail_after(5):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(_refresh_ends_with, session, "nobody is signed in now")
                await slow.asked.wait()
                session.wipe()
                slow.answers.set()
        assert session.state is State.SIGNED_OUT


async def test_a_refresh_whose_tokens_are_gone_again_is_no_success(clock: FakeClock) -> None:
    slow = Slow(reply(cookies=tokens(2)))

    async def refresh_and_leave(session: Session) -> None:
        await session.grant.refresh()
        session.wipe()

    async with signed_in(usual(custom_refresh=slow), clock) as session:
        with anyio.fail_after(5):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(refresh_and_leave, session)
                await slow.asked.wait()
                tasks.start_soon(_refresh_ends_with, session, "nobody is signed in now")
                await anyio.wait_all_tasks_blocked()
                slow.answers.set()


@pytest.mark.promise("sessions:states:re-login", "sessions:refresh:before-and-after-401")
async def test_a_call_whose_refresh_a_new_sign_in_overtook_is_not_repeated(clock: FakeClock) -> None:
    slow = Slow(reply(401))
    upstream = usual(account=reply(401), custom_refresh=slow)
    async with signed_in(upstream, clock) as session:
        with anyio.fail_after(5):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(_swallow, lambda: session.grant.request(ACCOUNT))
                await slow.asked.wait()
                await session.sign_in(**ADA, captcha=None)
                slow.answers.set()
    assert len(upstream.asked("account/")) == 1


async def test_a_logout_ends_the_tokens_of_a_refresh_under_way(clock: FakeClock) -> None:
    held = Slow(reply(cookies=tokens(2)))
    upstream = usual(custom_refresh=held)
    async with signed_in(upstream, clock) as session:
        with anyio.fail_after(5):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(session.grant.refresh)
                await held.asked.wait()
                tasks.start_soon(session.sign_out)
                await anyio.wait_all_tasks_blocked()
                held.answers.set()
    assert cookies_of(upstream.requests[-1]) == {"access_token=access-2", "refresh_token=refresh-2"}


async def test_a_refresh_that_ends_after_a_logout_brings_nothing_back(clock: FakeClock) -> None:
    held = Slow(reply(401))
    async with signed_in(usual(custom_refresh=held), clock) as session:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(_swallow, session.grant.refresh)
            with anyio.fail_after(5):
                await held.asked.wait()
            session.wipe()
            held.answers.set()
        assert session.state is State.SIGNED_OUT
        with pytest.raises(NotSignedIn):
            await session.grant.request(ACCOUNT)
