"""A session that is signed in to and out of, also in vain."""

import anyio
import httpx
import pytest
from rememberizer_mcp.server.api.account import same_account
from rememberizer_mcp.server.api.budget import budget
from rememberizer_mcp.server.errors import (
    EmailNotVerified,
    Forbidden,
    QuotaExceeded,
    UpstreamProtocolError,
    UpstreamUnreachable,
)
from rememberizer_mcp.server.logs.redaction import KnownSecrets
from rememberizer_mcp.server.sessions.session import Session
from rememberizer_mcp.server.sessions.states import State

from tests.support.agent import ADA, GRACE
from tests.support.clock import FakeClock
from tests.support.sessions import ACCOUNT, environment_on, resync, signed_in, store_of
from tests.support.upstream import Slow, cookies_of, reply, tokens, usual


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


@pytest.mark.promise("sessions:logout:wiped-anyway")
async def test_a_cancelled_logout_wipes_all_the_same(clock: FakeClock) -> None:
    held = Slow(reply())
    async with signed_in(usual(custom_logout=held), clock) as session:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(session.sign_out)
            with anyio.fail_after(5):
                await held.asked.wait()
            tasks.cancel_scope.cancel()
        await resync()
        assert session.state is State.SIGNED_OUT
        assert not session.grant.can_refresh


@pytest.mark.promise("sessions:logout:wiped-anyway", "upstream:time:budget")
async def test_a_logout_that_upstream_never_answers_ends_in_time(clock: FakeClock) -> None:
    async with signed_in(usual(custom_logout=Slow(reply())), clock) as session:
        with anyio.fail_after(5), budget(0.01):
            assert not (await session.sign_out()).confirmed
        await resync()
        assert session.state is State.SIGNED_OUT


@pytest.mark.promise("sessions:states:re-login")
async def test_a_cancelled_swap_still_signs_the_first_account_out(clock: FakeClock) -> None:
    held = Slow(reply())
    upstream = usual(custom_logout=held, me=reply(404))
    scope = anyio.CancelScope()

    async def swap(session: Session) -> None:
        with scope:
            await session.sign_in(**GRACE, captcha=None)

    async with signed_in(upstream, clock) as session:
        with anyio.fail_after(5):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(swap, session)
                await held.asked.wait()
                scope.cancel()
                await anyio.wait_all_tasks_blocked()
                held.answers.set()
        assert held.answered
        assert session.email == GRACE["email"]
        assert session.state is State.SIGNED_IN


async def test_a_cancelled_sign_in_leaves_no_secret_behind(clock: FakeClock) -> None:
    secrets = KnownSecrets()
    held = Slow(reply(200, json={}))
    async with environment_on(usual(me=held), clock, secrets=secrets) as environment:
        session = store_of(environment).open("o")
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(lambda: session.sign_in(**ADA, captcha=None))
            with anyio.fail_after(5):
                await held.asked.wait()
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
    upstream = usual(me=Slow(reply(200, json={})))
    async with environment_on(upstream, clock) as environment:
        session = store_of(environment).open("o")
        with anyio.fail_after(5), budget(0.5):
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
            f"<Session {session.handle[:8]}…: signed_in, <Credentials: 2 cookies, access cookie and refresh cookie>>"
        )
        session.wipe()
        assert repr(session) == f"<Session {session.handle[:8]}…: signed_out, <Credentials: 0 cookies, no token>>"


async def test_a_reply_of_a_call_is_given_back_whole(clock: FakeClock) -> None:
    async with signed_in(usual(account=reply(200, json={"id": 1})), clock) as session:
        given = await session.grant.request(ACCOUNT)
        assert given.body.fields == {"id": 1}


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [("a@b", " A@B ", True), ("a@b", "c@b", False), (None, "a@b", False), ("a@b", None, False), (None, None, False)],
)
def test_accounts_are_the_same_whatever_the_letter_case(one: str | None, other: str | None, same: bool) -> None:
    assert same_account(one, other) is same
