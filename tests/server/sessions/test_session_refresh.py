"""A session's tokens are renewed when they have to be, once for all who wait."""

import anyio
import httpx
import pytest
from rememberizer_mcp.server.api.budget import budget
from rememberizer_mcp.server.errors import RememberizerError, SessionExpired, UpstreamTimeout
from rememberizer_mcp.server.sessions.session import Session
from rememberizer_mcp.server.sessions.states import State

from tests.support.clock import FakeClock
from tests.support.sessions import ACCOUNT, signed_in
from tests.support.upstream import Slow, cookies_of, jwt, reply, tokens, usual

OK = reply(200, json={"id": 1})


def about_to_expire(clock: FakeClock) -> httpx.Response:
    return reply(cookies={"access_token": jwt({"exp": clock.time + 10}), "refresh_token": "refresh-1"})


async def refresh_during_a_call(session: Session, slow: Slow) -> None:
    """Refresh while a call waits for its answer, which comes afterwards."""
    with anyio.fail_after(5):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(lambda: session.grant.request(ACCOUNT))
            await slow.asked.wait()
            await session.grant.refresh()
            slow.answers.set()


@pytest.mark.promise("sessions:refresh:single-flight")
async def test_fifty_calls_with_an_expired_token_refresh_once(clock: FakeClock) -> None:
    held = Slow(reply(cookies=tokens(2)))
    upstream = usual(signin=about_to_expire(clock), custom_refresh=held, account=OK)
    statuses: list[int] = []

    async def ask(session: Session) -> None:
        statuses.append((await session.grant.request(ACCOUNT)).status)

    async with signed_in(upstream, clock) as session:
        clock.advance(60)
        with anyio.fail_after(5):
            async with anyio.create_task_group() as tasks:
                for _ in range(50):
                    tasks.start_soon(ask, session)
                await held.asked.wait()
                held.answers.set()
    assert statuses == [200] * 50
    assert len(upstream.asked("auth/custom-refresh/")) == 1
    assert all(cookies_of(each) == {"access_token=access-2", "refresh_token=refresh-2"}
               for each in upstream.asked("account/"))  # fmt: skip


@pytest.mark.promise("sessions:refresh:single-flight", "sessions:refresh:before-and-after-401")
async def test_fifty_refused_calls_refresh_once_and_are_repeated_once(clock: FakeClock) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        return OK if "access-2" in request.headers["cookie"] else reply(401)

    upstream = usual(account=answer)
    async with signed_in(upstream, clock) as session:
        with anyio.fail_after(5):
            async with anyio.create_task_group() as tasks:
                for _ in range(50):
                    tasks.start_soon(lambda: session.grant.request(ACCOUNT))
    assert len(upstream.asked("auth/custom-refresh/")) == 1
    assert 50 < len(upstream.asked("account/")) <= 100


@pytest.mark.promise("sessions:refresh:before-and-after-401")
async def test_a_call_refused_after_its_repeat_means_session_expired(clock: FakeClock) -> None:
    upstream = usual(account=reply(401))
    async with signed_in(upstream, clock) as session:
        with pytest.raises(SessionExpired):
            await session.grant.request(ACCOUNT)
    assert upstream.paths[2:] == ["account/", "auth/custom-refresh/", "account/"]


@pytest.mark.promise("sessions:refresh:before-and-after-401", "sessions:refresh:single-flight")
async def test_a_late_refusal_of_an_old_token_causes_no_second_refresh(clock: FakeClock) -> None:
    slow = Slow(reply(401))
    upstream = usual(account=[slow, OK])
    async with signed_in(upstream, clock) as session:
        await refresh_during_a_call(session, slow)
    assert upstream.paths[2:] == ["account/", "auth/custom-refresh/", "account/"]
    assert "access-2" in upstream.requests[-1].headers["cookie"]


@pytest.mark.promise("sessions:refresh:before-and-after-401")
async def test_a_refused_call_that_nothing_can_renew_expires_the_session(clock: FakeClock) -> None:
    upstream = usual(signin=reply(cookies={"access_token": "a"}), account=reply(401))
    async with signed_in(upstream, clock) as session:
        with pytest.raises(SessionExpired):
            await session.grant.request(ACCOUNT)
        assert session.state is State.EXPIRED
    assert upstream.paths[2:] == ["account/"]


@pytest.mark.promise("sessions:refresh:refused-or-lost")
async def test_a_due_refresh_that_fails_does_not_stop_a_token_that_lives(clock: FakeClock) -> None:
    upstream = usual(signin=about_to_expire(clock), custom_refresh=reply(503), account=OK)
    async with signed_in(upstream, clock) as session:
        assert (await session.grant.request(ACCOUNT)).status == 200
        clock.advance(10)
        with pytest.raises(RememberizerError, match="upstream_unavailable"):
            await session.grant.request(ACCOUNT)
        assert session.state is State.SIGNED_IN


@pytest.mark.promise("sessions:refresh:cancelled-caller")
async def test_a_cancelled_caller_stops_neither_the_refresh_nor_who_waits(clock: FakeClock) -> None:
    held = Slow(reply(cookies=tokens(2)))
    upstream = usual(custom_refresh=held)
    async with signed_in(upstream, clock) as session:
        with anyio.fail_after(5):
            async with anyio.create_task_group() as waiting, anyio.create_task_group() as leaving:
                leaving.start_soon(session.grant.refresh)
                await held.asked.wait()
                waiting.start_soon(session.grant.refresh)
                await anyio.wait_all_tasks_blocked()
                leaving.cancel_scope.cancel()
                held.answers.set()
        await session.sign_out()
    assert len(upstream.asked("auth/custom-refresh/")) == 1
    assert "refresh_token=refresh-2" in cookies_of(upstream.requests[-1])


@pytest.mark.promise("upstream:time:budget")
async def test_a_caller_waits_for_a_refresh_no_longer_than_its_time_and_the_refresh_goes_on(clock: FakeClock) -> None:
    held = Slow(reply(cookies=tokens(2)))
    upstream = usual(custom_refresh=held)
    async with signed_in(upstream, clock) as session:
        with anyio.fail_after(5), budget(0.01), pytest.raises(UpstreamTimeout):
            await session.grant.refresh()
        assert session.state is State.SIGNED_IN
        held.answers.set()
        with anyio.fail_after(5):
            await session.grant.refresh()
    assert len(upstream.asked("auth/custom-refresh/")) == 1


@pytest.mark.promise("upstream:time:budget")
async def test_a_refresh_ends_with_its_own_budget_whoever_waits(clock: FakeClock) -> None:
    async with signed_in(usual(custom_refresh=Slow(reply())), clock, budget_seconds=0.01) as session:
        with anyio.fail_after(5), pytest.raises(UpstreamTimeout):
            await session.grant.refresh()


@pytest.mark.promise("sessions:refresh:older-never-wins")
async def test_a_slow_answer_does_not_overwrite_newer_cookies(clock: FakeClock) -> None:
    slow = Slow(reply(200, json={}, cookies=tokens(1)))
    upstream = usual(account=slow)
    async with signed_in(upstream, clock) as session:
        await refresh_during_a_call(session, slow)
        await session.sign_out()
    assert cookies_of(upstream.requests[-1]) == {"access_token=access-2", "refresh_token=refresh-2"}


@pytest.mark.promise("cookies:jar:re-read")
async def test_cookies_of_an_ordinary_answer_are_taken(clock: FakeClock) -> None:
    upstream = usual(account=reply(200, json={}, cookies={"access_token": "rotated; Path=/"}))
    async with signed_in(upstream, clock) as session:
        await session.grant.request(ACCOUNT)
        await session.sign_out()
    assert cookies_of(upstream.requests[-1]) == {"access_token=rotated", "refresh_token=refresh-1"}
