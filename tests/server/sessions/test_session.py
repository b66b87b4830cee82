"""Sessions under concurrency, expiry and failure."""

from collections.abc import Awaitable, Callable
from typing import Any

import anyio
import httpx
import pytest
from rememberizer_mcp.server.api.account import same_account
from rememberizer_mcp.server.api.budget import budget
from rememberizer_mcp.server.api.client import Reply
from rememberizer_mcp.server.api.endpoints import Endpoint, Takes
from rememberizer_mcp.server.errors import (
    AccountChanged,
    EmailNotVerified,
    Forbidden,
    NotSignedIn,
    QuotaExceeded,
    RememberizerError,
    SessionExpired,
    UpstreamProtocolError,
    UpstreamTimeout,
    UpstreamUnreachable,
)
from rememberizer_mcp.server.logs.redaction import KnownSecrets
from rememberizer_mcp.server.sessions.session import Session
from rememberizer_mcp.server.sessions.states import State

from tests.support.agent import ADA, GRACE
from tests.support.clock import FakeClock, Gate
from tests.support.sessions import environment_on, resync, signed_in
from tests.support.upstream import jwt, reply, tokens, usual

ACCOUNT = Endpoint("GET", "account/", Takes.ACCOUNT).call()
OK = reply(200, json={"id": 1})


class Held:
    """An answer that waits until the test lets it go, and says when somebody waits for it."""

    def __init__(self, answer: httpx.Response) -> None:
        self.arrived = anyio.Event()
        self.released = anyio.Event()
        self.answered = False
        self._answer = answer

    async def __call__(self, _: httpx.Request) -> httpx.Response:
        self.arrived.set()
        await self.released.wait()
        self.answered = True
        return self._answer


def gated(gate: Gate, answer: httpx.Response) -> Callable[[httpx.Request], Awaitable[httpx.Response]]:
    """An answer that comes when the gate is opened."""

    async def late(_: httpx.Request) -> httpx.Response:
        await gate.sleep(0)
        return answer

    return late


def about_to_expire(clock: FakeClock) -> httpx.Response:
    return reply(cookies={"access_token": jwt({"exp": clock.time + 10}), "refresh_token": "refresh-1"})


def cookies_of(request: httpx.Request) -> set[str]:
    return set(request.headers["cookie"].split("; "))


async def refresh_during_a_call(session: Session, slow: Held) -> None:
    """Refresh while a call waits for its answer, which comes afterwards."""
    with anyio.fail_after(5):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(lambda: session.grant.request(ACCOUNT))
            await slow.arrived.wait()
            await session.grant.refresh()
            slow.released.set()


@pytest.mark.promise("sessions:refresh:single-flight")
async def test_fifty_calls_with_an_expired_token_refresh_once(clock: FakeClock) -> None:
    held = Held(reply(cookies=tokens(2)))
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
                await held.arrived.wait()
                held.released.set()
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
    slow = Held(reply(401))
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


@pytest.mark.promise("upstream:answers:codes")
async def test_a_403_means_the_email_on_an_unverified_session(clock: FakeClock) -> None:
    unverified = reply(200, json={"email_verified": False})
    async with signed_in(usual(account=reply(403), me=unverified), clock) as session:
        with pytest.raises(EmailNotVerified):
            await session.grant.request(ACCOUNT)
    async with signed_in(usual(account=reply(403)), clock) as session:
        with pytest.raises(Forbidden):
            await session.grant.request(ACCOUNT)


@pytest.mark.promise("upstream:answers:codes")
async def test_a_quota_message_is_quota_exceeded(clock: FakeClock) -> None:
    async with signed_in(usual(account=reply(400, json={"message": "Quota used up"})), clock) as session:
        with pytest.raises(QuotaExceeded):
            await session.grant.request(ACCOUNT)


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
    held = Held(reply(cookies=tokens(2)))
    upstream = usual(custom_refresh=held)
    async with signed_in(upstream, clock) as session:
        with anyio.fail_after(5):
            async with anyio.create_task_group() as waiting, anyio.create_task_group() as leaving:
                leaving.start_soon(session.grant.refresh)
                await held.arrived.wait()
                waiting.start_soon(session.grant.refresh)
                await anyio.wait_all_tasks_blocked()
                leaving.cancel_scope.cancel()
                held.released.set()
        await session.sign_out()
    assert len(upstream.asked("auth/custom-refresh/")) == 1
    assert "refresh_token=refresh-2" in cookies_of(upstream.requests[-1])


@pytest.mark.promise("upstream:time:budget")
async def test_a_caller_waits_for_a_refresh_no_longer_than_its_time_and_the_refresh_goes_on(clock: FakeClock) -> None:
    held = Held(reply(cookies=tokens(2)))
    upstream = usual(custom_refresh=held)
    async with signed_in(upstream, clock) as session:
        with anyio.fail_after(5), budget(0.01), pytest.raises(UpstreamTimeout):
            await session.grant.refresh()
        assert session.state is State.SIGNED_IN
        held.released.set()
        with anyio.fail_after(5):
            await session.grant.refresh()
    assert len(upstream.asked("auth/custom-refresh/")) == 1


@pytest.mark.promise("upstream:time:budget")
async def test_a_refresh_ends_with_its_own_budget_whoever_waits(clock: FakeClock) -> None:
    async with signed_in(usual(custom_refresh=Held(reply())), clock, budget_seconds=0.01) as session:
        with anyio.fail_after(5), pytest.raises(UpstreamTimeout):
            await session.grant.refresh()


@pytest.mark.promise("sessions:refresh:older-never-wins")
async def test_a_late_refresh_of_the_first_account_does_not_reach_the_second(clock: FakeClock) -> None:
    held = Held(reply(401))
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
                await held.arrived.wait()
                tasks.start_soon(lambda: session.sign_in(**GRACE, captcha=None))
                await anyio.wait_all_tasks_blocked()
                assert session.email == GRACE["email"]
                held.released.set()
        assert session.state is State.SIGNED_IN
        await session.sign_out()
    assert cookies_of(upstream.requests[-1]) == {"access_token=access-5", "refresh_token=refresh-5"}


@pytest.mark.promise("sessions:refresh:older-never-wins")
async def test_a_slow_answer_does_not_overwrite_newer_cookies(clock: FakeClock) -> None:
    slow = Held(reply(200, json={}, cookies=tokens(1)))
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


@pytest.mark.promise("sessions:states:re-login")
async def test_a_call_of_the_first_account_is_not_repeated_as_the_second(clock: FakeClock) -> None:
    held = Held(reply(401))
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
                await held.arrived.wait()
                await session.sign_in(**GRACE, captcha=None)
                held.released.set()
        assert [error.code for error in errors] == ["account_changed"]
        assert session.state is State.SIGNED_IN
    assert len(upstream.asked("account/")) == 1


@pytest.mark.promise("sessions:states:re-login")
@pytest.mark.parametrize("answer", [reply(cookies=tokens(2)), reply(401), reply(503)], ids=["new", "refused", "lost"])
async def test_a_refresh_that_a_new_sign_in_overtook_says_who_is_signed_in(
    answer: httpx.Response, clock: FakeClock
) -> None:
    gate = Gate()
    upstream = usual(signin=[reply(cookies=tokens(1)), reply(cookies=tokens(5))], custom_refresh=gated(gate, answer))
    async with signed_in(upstream, clock) as session:
        with anyio.fail_after(5):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(_refresh_ends_with, session, f"{ADA['email']} is signed in now")
                await gate.waiting.wait()
                await session.sign_in(**ADA, captcha=None)
                gate.open()
        assert session.state is State.SIGNED_IN
        await session.sign_out()
    assert cookies_of(upstream.requests[-1]) == {"access_token=access-5", "refresh_token=refresh-5"}


@pytest.mark.parametrize("answer", [reply(cookies=tokens(2)), reply(401), reply(503)], ids=["new", "refused", "lost"])
async def test_a_refresh_of_a_session_that_was_signed_out_meanwhile_says_so(
    answer: httpx.Response, clock: FakeClock
) -> None:
    gate = Gate()
    async with signed_in(usual(custom_refresh=gated(gate, answer)), clock) as session:
        with anyio.fail_after(5):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(_refresh_ends_with, session, "nobody is signed in now")
                await gate.waiting.wait()
                session.wipe()
                gate.open()
        assert session.state is State.SIGNED_OUT


async def test_a_refresh_whose_tokens_are_gone_again_is_no_success(clock: FakeClock) -> None:
    gate = Gate()

    async def refresh_and_leave(session: Session) -> None:
        await session.grant.refresh()
        session.wipe()

    async with signed_in(usual(custom_refresh=gated(gate, reply(cookies=tokens(2)))), clock) as session:
        with anyio.fail_after(5):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(refresh_and_leave, session)
                await gate.waiting.wait()
                tasks.start_soon(_refresh_ends_with, session, "nobody is signed in now")
                await anyio.wait_all_tasks_blocked()
                gate.open()


async def _refresh_ends_with(session: Session, words: str) -> None:
    with pytest.raises(AccountChanged, match=words):
        await session.grant.refresh()


@pytest.mark.promise("sessions:states:re-login", "sessions:refresh:before-and-after-401")
async def test_a_call_whose_refresh_a_new_sign_in_overtook_is_not_repeated(clock: FakeClock) -> None:
    gate = Gate()
    upstream = usual(account=reply(401), custom_refresh=gated(gate, reply(401)))
    async with signed_in(upstream, clock) as session:
        with anyio.fail_after(5):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(_swallow, lambda: session.grant.request(ACCOUNT))
                await gate.waiting.wait()
                await session.sign_in(**ADA, captcha=None)
                gate.open()
    assert len(upstream.asked("account/")) == 1


async def test_a_logout_ends_the_tokens_of_a_refresh_under_way(clock: FakeClock) -> None:
    held = Held(reply(cookies=tokens(2)))
    upstream = usual(custom_refresh=held)
    async with signed_in(upstream, clock) as session:
        with anyio.fail_after(5):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(session.grant.refresh)
                await held.arrived.wait()
                tasks.start_soon(session.sign_out)
                await anyio.wait_all_tasks_blocked()
                held.released.set()
    assert cookies_of(upstream.requests[-1]) == {"access_token=access-2", "refresh_token=refresh-2"}


async def test_a_refresh_that_ends_after_a_logout_brings_nothing_back(clock: FakeClock) -> None:
    held = Held(reply(401))
    async with signed_in(usual(custom_refresh=held), clock) as session:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(_swallow, session.grant.refresh)
            with anyio.fail_after(5):
                await held.arrived.wait()
            session.wipe()
            held.released.set()
        assert session.state is State.SIGNED_OUT
        with pytest.raises(NotSignedIn):
            await session.grant.request(ACCOUNT)


async def _swallow(work: Callable[[], Awaitable[Any]]) -> None:
    with pytest.raises(RememberizerError):
        await work()


@pytest.mark.promise("sessions:logout:wiped-anyway")
async def test_a_cancelled_logout_wipes_all_the_same(clock: FakeClock) -> None:
    held = Held(reply())
    async with signed_in(usual(custom_logout=held), clock) as session:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(session.sign_out)
            with anyio.fail_after(5):
                await held.arrived.wait()
            tasks.cancel_scope.cancel()
        await resync()
        assert session.state is State.SIGNED_OUT
        assert not session.grant.can_refresh


@pytest.mark.promise("sessions:logout:wiped-anyway", "upstream:time:budget")
async def test_a_logout_that_upstream_never_answers_ends_in_time(clock: FakeClock) -> None:
    async with signed_in(usual(custom_logout=Held(reply())), clock) as session:
        with anyio.fail_after(5), budget(0.01):
            assert not (await session.sign_out()).confirmed
        await resync()
        assert session.state is State.SIGNED_OUT


@pytest.mark.promise("sessions:states:re-login")
async def test_a_cancelled_swap_still_signs_the_first_account_out(clock: FakeClock) -> None:
    held = Held(reply())
    upstream = usual(custom_logout=held, me=reply(404))
    scope = anyio.CancelScope()

    async def swap(session: Session) -> None:
        with scope:
            await session.sign_in(**GRACE, captcha=None)

    async with signed_in(upstream, clock) as session:
        with anyio.fail_after(5):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(swap, session)
                await held.arrived.wait()
                scope.cancel()
                await anyio.wait_all_tasks_blocked()
                held.released.set()
        assert held.answered
        assert session.email == GRACE["email"]
        assert session.state is State.SIGNED_IN


async def test_a_cancelled_sign_in_leaves_no_secret_behind(clock: FakeClock) -> None:
    secrets = KnownSecrets()
    held = Held(reply(200, json={}))
    async with environment_on(usual(me=held), clock, secrets=secrets) as environment:
        session = Session(handle="rs_x", owner="o", environment=environment)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(lambda: session.sign_in(**ADA, captcha=None))
            with anyio.fail_after(5):
                await held.arrived.wait()
            assert repr(secrets) == "<KnownSecrets: 2 values>"
            tasks.cancel_scope.cancel()
    assert repr(secrets) == "<KnownSecrets: 0 values>"


@pytest.mark.promise("sessions:states:re-login", "settings:secrets:never-shown")
async def test_a_swap_forgets_the_tokens_of_the_first_account(clock: FakeClock) -> None:
    secrets = KnownSecrets()
    upstream = usual(signin=[reply(cookies=tokens(1)), reply(cookies=tokens(2))])
    async with signed_in(upstream, clock, secrets=secrets) as session:
        await session.sign_in(**GRACE, captcha=None)
        assert repr(secrets) == "<KnownSecrets: 2 values>"
        assert secrets.redact("refresh-1 refresh-2") == "refresh-1 [redacted]"


@pytest.mark.promise("sessions:account:name-and-email", "upstream:time:budget")
async def test_a_slow_me_does_not_use_up_the_time(clock: FakeClock) -> None:
    upstream = usual(me=Held(reply(200, json={})))
    async with environment_on(upstream, clock) as environment:
        session = Session(handle="rs_x", owner="o", environment=environment)
        with anyio.fail_after(5), budget(0.05):
            await session.sign_in(**ADA, captcha=None)
        await resync()
        assert session.state is State.SIGNED_IN


@pytest.mark.promise("upstream:answers:every-variant", "sessions:account:name-and-email")
async def test_a_sign_in_that_brought_only_a_stranger_s_cookie_is_no_success(clock: FakeClock) -> None:
    stranger = reply(200, json={}, cookies={"__cf_bm": "opaque; Path=/"})
    upstream = usual(signin=[reply(cookies=tokens()), stranger], me=[reply(200, json={}), reply(401)])
    async with signed_in(upstream, clock) as session:
        with pytest.raises(UpstreamProtocolError, match="said yes to the sign-in, but gave no session") as raised:
            await session.sign_in(**GRACE, captcha=None)
        assert raised.value.status == 401
        assert (session.state, session.email) == (State.SIGNED_IN, ADA["email"])
        await session.sign_out()
    assert cookies_of(upstream.requests[-1]) == {"access_token=access-1", "refresh_token=refresh-1"}


@pytest.mark.promise("upstream:answers:every-variant", "sessions:account:name-and-email")
@pytest.mark.parametrize("me", [reply(200, json={}), reply(403), reply(404), reply(500)])
async def test_an_opaque_session_cookie_signs_in_unless_upstream_denies_it(
    me: httpx.Response, clock: FakeClock
) -> None:
    upstream = usual(signin=reply(200, json={}, cookies={"sessionid": "opaque; Path=/"}), me=me)
    async with signed_in(upstream, clock) as session:
        assert session.state is State.SIGNED_IN


@pytest.mark.promise("upstream:answers:every-variant", "sessions:account:name-and-email")
@pytest.mark.parametrize("cookies", [{"access_token": "a; Path=/"}, {"refresh_token": "r; Path=/"}])
async def test_a_sign_in_with_a_token_counts_although_me_is_refused(cookies: dict[str, str], clock: FakeClock) -> None:
    async with signed_in(usual(signin=reply(204, cookies=cookies), me=reply(401)), clock) as session:
        assert session.state is State.SIGNED_IN


@pytest.mark.promise("sessions:refresh:refused-or-lost")
async def test_a_network_failure_of_a_sign_in_changes_nothing(clock: FakeClock) -> None:
    def cut(_: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("no route")

    upstream = usual(signin=[reply(cookies=tokens(1)), cut])
    async with signed_in(upstream, clock) as session:
        with pytest.raises(UpstreamUnreachable):
            await session.sign_in(**GRACE, captcha=None)
        assert session.email == ADA["email"]
    assert len(upstream.asked("auth/signin/")) == 2


@pytest.mark.promise("settings:secrets:never-shown")
async def test_no_value_shows_in_a_repr(clock: FakeClock) -> None:
    async with signed_in(usual(), clock) as session:
        assert repr(session) == (
            "<Session rs_test-…: signed_in, <Credentials: 2 cookies, access cookie and refresh cookie>>"
        )
        session.wipe()
        assert repr(session) == "<Session rs_test-…: signed_out, <Credentials: 0 cookies, no token>>"


async def test_a_reply_of_a_call_is_given_back_whole(clock: FakeClock) -> None:
    async with signed_in(usual(account=OK), clock) as session:
        given: Reply = await session.grant.request(ACCOUNT)
        assert given.body.fields == {"id": 1}


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [("a@b", " A@B ", True), ("a@b", "c@b", False), (None, "a@b", False), ("a@b", None, False), (None, None, False)],
)
def test_accounts_are_the_same_whatever_the_letter_case(one: str | None, other: str | None, same: bool) -> None:
    assert same_account(one, other) is same
