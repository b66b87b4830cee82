"""The six tools, from an agent's side, on a fake upstream, in both protocol eras."""

import json
from typing import Any

import anyio
import httpx
import pytest

from tests.support.agent import ADA, ERAS, GRACE, Era, agent_on, server_on
from tests.support.clock import FakeClock
from tests.support.upstream import Slow, jwt, reply, tokens, usual
from tests.tools.auth.test_session_states import NO_PAGE

pytestmark = pytest.mark.parametrize("era", ERAS)


def body(request: httpx.Request) -> dict[str, Any]:
    return dict(json.loads(request.content))


@pytest.mark.promise("upstream:calls:as-documented", "process:eras:same")
async def test_the_five_calls_are_sent_exactly_as_documented(era: Era) -> None:
    upstream = usual()
    async with agent_on(server_on(upstream.transport), era) as agent:
        await agent.call("signup", **ADA, name="Ada", captcha="solved")
        await agent.call("verify", verification_code="123456")
        await agent.call("refresh")
        await agent.call("logout")
        await agent.call("login", **ADA, captcha="solved again")
    seen = [(each.method, each.url.path, each.headers.get("cookie"), each.headers.get("authorization"))
            for each in upstream.requests]  # fmt: skip
    assert seen == [
        ("POST", "/api/v1/auth/signup/", None, None),
        ("POST", "/api/v1/auth/verify-email/", None, "Bearer access-1"),
        ("POST", "/api/v1/auth/custom-refresh/", "refresh_token=refresh-1", None),
        ("POST", "/api/v1/auth/custom-logout/", "access_token=access-2; refresh_token=refresh-2", None),
        ("POST", "/api/v1/auth/signin/", None, None),
        ("GET", "/api/v1/me/", "access_token=access-1; refresh_token=refresh-1", None),
    ]
    signup, verify, refresh, logout, signin, _ = upstream.requests
    assert body(signup) == ADA | {"name": "Ada", "captcha": "solved"}
    assert body(verify) == {"verification_code": "123456"}
    assert refresh.content == logout.content == b""
    assert body(signin) == {"login": ADA["email"], "password": ADA["password"], "captcha": "solved again"}


async def test_what_was_not_given_is_left_out_of_the_body(era: Era) -> None:
    upstream = usual()
    async with agent_on(server_on(upstream.transport), era) as agent:
        await agent.call("signup", **ADA, name=None, captcha=None)
        await agent.call("login", **ADA)
    assert body(upstream.requests[0]) == ADA
    assert body(upstream.asked("auth/signin/")[0]) == {"login": ADA["email"], "password": ADA["password"]}


async def test_login_answers_with_a_typed_status(era: Era, clock: FakeClock) -> None:
    life = jwt({"iat": clock.time, "exp": clock.time + 300})
    upstream = usual(signin=reply(cookies={"access_token": life, "refresh_token": "r"}))
    async with agent_on(server_on(upstream.transport, clock), era) as agent:
        status = await agent.call("login", **ADA)
        assert status.pop("session").startswith("rs_")
        assert status == {
            "state": "signed_in",
            "email": "ada@example.org",
            "name": "Ada",
            "method": "password",
            "access_expires_at": "2025-06-15T15:11:40Z",
            "can_refresh": True,
            "sign_in_url": None,
            "confirm_code": None,
            **NO_PAGE,
            "next": "Go on; the session renews itself.",
        }


@pytest.mark.promise("tools:errors:members")
async def test_a_success_is_compact_json_beside_the_same_structure(era: Era) -> None:
    async with agent_on(server_on(usual().transport), era) as agent:
        result = await agent.result("login", **ADA)
    (block,) = result.content
    assert block.type == "text"
    assert json.loads(block.text) == result.structured_content
    assert ": " not in block.text.replace("next", "")[:60]


@pytest.mark.promise("tools:errors:members")
async def test_a_failure_names_code_cause_and_repair(era: Era) -> None:
    upstream = usual(signin=reply(401, json={"detail": "upstream's own words"}))
    hint = (
        "Ask the user to check both, then call `login` again; don't guess. An account that was made with Google or "
        "Microsoft may have no password: call `login` with the same `email` and without `password`; on the page that "
        'opens the user chooses "Sign in without a password (Google, Microsoft)" or, with an OAuth app, "Continue to '
        'Rememberizer".'
    )
    async with agent_on(server_on(upstream.transport), era) as agent:
        result = await agent.result("login", **ADA)
    (block,) = result.content
    assert block.type == "text"
    assert block.text == f"invalid_credentials: Rememberizer refused this e-mail and password. {hint}"
    assert result.structured_content == {
        "error": {
            "code": "invalid_credentials",
            "message": "Rememberizer refused this e-mail and password.",
            "hint": hint,
            "retryable": False,
            "retry_after_seconds": None,
            "status": 401,
        }
    }


@pytest.mark.promise("sessions:account:name-and-email")
async def test_me_saying_unverified_makes_the_session_unverified(era: Era) -> None:
    upstream = usual(me=reply(200, json={"email_verified": False}))
    async with agent_on(server_on(upstream.transport), era) as agent:
        status = await agent.call("login", **ADA)
        assert status["state"] == "unverified"
        assert "verify" in status["next"]
        assert (await agent.call("verify", verification_code=" 123456 "))["state"] == "signed_in"
    assert body(upstream.asked("auth/verify-email/")[0]) == {"verification_code": "123456"}


async def test_a_signup_that_may_have_worked_says_so(era: Era) -> None:
    async with agent_on(server_on(usual(signup=reply(503)).transport), era) as agent:
        error = await agent.fails("signup", **ADA)
    assert error["code"] == "upstream_unavailable"
    assert "try `login`" in error["hint"]


@pytest.mark.promise("arguments:secrets:taken-away")
async def test_without_secret_arguments_a_password_is_refused_by_the_settings_name(era: Era) -> None:
    async with agent_on(server_on(usual().transport, secret_arguments=False), era) as agent:
        assert "REMEMBERIZER_SECRET_ARGUMENTS=off" in (await agent.fails("login", **ADA))["message"]


async def test_a_password_without_an_email_is_refused(era: Era) -> None:
    async with agent_on(server_on(usual().transport, **GRACE), era) as agent:
        error = await agent.fails("login", password=ADA["password"])
    assert (error["code"], error["message"]) == ("invalid_arguments", "`password` came without `email`.")


async def test_login_uses_the_credentials_of_the_settings(era: Era) -> None:
    upstream = usual()
    async with agent_on(server_on(upstream.transport, **ADA, captcha="from-settings"), era) as agent:
        assert (await agent.call("login"))["state"] == "signed_in"
        await agent.call("logout")
        await agent.call("login", email="ADA@example.org", captcha="fresh")
        await agent.call("logout")
        await agent.call("signup")
    signin = {"login": ADA["email"], "password": ADA["password"]}
    assert [body(each) for each in upstream.asked("auth/signin/")] == [
        signin | {"captcha": "from-settings"},
        signin | {"captcha": "fresh"},
    ]
    assert body(upstream.asked("auth/signup/")[0]) == ADA | {"captcha": "from-settings"}


async def test_another_email_than_the_settings_has_no_credentials_there(era: Era) -> None:
    upstream = usual()
    async with agent_on(server_on(upstream.transport, **ADA), era) as agent:
        assert (await agent.call("login", email=GRACE["email"]))["state"] == "pending"
        await agent.call("logout")
        await agent.call("login")
        status = await agent.call("login", email=GRACE["email"])
        assert (status["state"], status["email"]) == ("pending", ADA["email"])
    assert len(upstream.asked("auth/signin/")) == 1


async def test_login_without_credentials_returns_the_status_when_signed_in(era: Era) -> None:
    upstream = usual()
    async with agent_on(server_on(upstream.transport), era) as agent:
        first = await agent.call("login", **ADA)
        assert await agent.call("login") == first
        assert await agent.call("login", email="Ada@Example.org", session=first["session"]) == first
    assert upstream.paths == ["auth/signin/", "me/"]


@pytest.mark.promise("sign-in:inputs:validated-and-limited")
async def test_sign_in_attempts_are_limited(era: Era, clock: FakeClock) -> None:
    upstream = usual(signin=reply(401))
    async with agent_on(server_on(upstream.transport, clock), era) as agent:
        for _ in range(30):
            assert (await agent.fails("login", **ADA))["code"] == "invalid_credentials"
        error = await agent.fails("login", **ADA)
        assert (error["code"], error["retry_after_seconds"], error["retryable"]) == ("rate_limited", 60.0, True)
        clock.advance(60)
        assert (await agent.fails("login", **ADA))["code"] == "invalid_credentials"
    assert len(upstream.requests) == 31


@pytest.mark.promise("sign-in:ways:no-elicitation-needed")
async def test_a_client_that_can_do_nothing_special_signs_in(era: Era) -> None:
    async with agent_on(server_on(usual().transport), era) as agent:
        assert (await agent.call("login", **ADA))["state"] == "signed_in"


async def test_a_status_during_the_first_login_is_signed_out(era: Era) -> None:
    arrived, released = anyio.Event(), anyio.Event()

    async def slow(_: httpx.Request) -> httpx.Response:
        arrived.set()
        await released.wait()
        return reply(cookies=tokens())

    async with agent_on(server_on(usual(signin=slow).transport), era) as agent:
        with anyio.fail_after(5):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(lambda: agent.call("login", **ADA))
                await arrived.wait()
                assert (await agent.call("session_status"))["session"] is None
                assert (await agent.fails("refresh"))["code"] == "not_signed_in"
                released.set()
        assert (await agent.call("session_status"))["state"] == "signed_in"


@pytest.mark.promise("sessions:lifetime:idle-cap-sweeper")
async def test_a_session_that_is_being_renewed_is_not_idle(era: Era, clock: FakeClock) -> None:
    slow = Slow(reply(cookies=tokens(2)))
    async with agent_on(server_on(usual(custom_refresh=slow).transport, clock), era) as agent:
        await agent.call("login", **ADA)
        with anyio.fail_after(5):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(agent.call, "refresh")
                await slow.asked.wait()
                clock.advance(12 * 3600 + 1)
                assert (await agent.call("session_status"))["email"] == ADA["email"]
                slow.answers.set()
        assert (await agent.call("session_status"))["state"] == "signed_in"


async def test_an_account_whose_name_is_not_known_can_be_signed_out(era: Era) -> None:
    upstream = usual(me=reply(503))
    async with agent_on(server_on(upstream.transport), era) as agent:
        assert (await agent.call("login", **ADA))["email"] == ADA["email"]
        await agent.call("logout")
    async with agent_on(server_on(upstream.transport, refresh_token="canary"), era) as agent:
        assert (await agent.call("login"))["email"] is None
        assert (await agent.call("logout"))["next"] == "Signed out, here and at Rememberizer."
    assert len(upstream.asked("auth/custom-logout/")) == 2


@pytest.mark.promise("upstream:time:budget")
async def test_a_login_that_waits_for_its_turn_ends_in_its_own_time(era: Era) -> None:
    async def never(_: httpx.Request) -> Any:
        await anyio.sleep_forever()

    upstream = usual(signin=never)
    async with agent_on(server_on(upstream.transport, timeout_seconds=0.3), era) as agent:
        with anyio.fail_after(5):
            begun = anyio.current_time()
            async with anyio.create_task_group() as tasks:
                for _ in range(8):
                    tasks.start_soon(lambda: agent.fails("login", **ADA))
            assert anyio.current_time() - begun < 8 * 0.3
    assert len(upstream.requests) < 8


async def test_two_clients_of_one_server_object_have_sessions_of_their_own(era: Era) -> None:
    server = server_on(usual().transport)
    async with agent_on(server, era) as one, agent_on(server, era) as other:
        await one.call("login", **ADA)
        assert (await other.call("session_status"))["state"] == "signed_out"
