"""The six tools, from an agent's side, on a fake upstream, in both protocol eras."""

import json
from typing import Any

import anyio
import httpx
import pytest

from tests.support.agent import ADA, ERAS, GRACE, Era, agent_on, server_on
from tests.support.clock import FakeClock
from tests.support.upstream import jwt, reply, tokens, usual

pytestmark = pytest.mark.parametrize("era", ERAS)
NOBODY = {
    "session": None,
    "state": "signed_out",
    "email": None,
    "name": None,
    "method": None,
    "access_expires_at": None,
    "can_refresh": False,
    "sign_in_url": None,
    "confirm_code": None,
}


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
        'opens the user chooses "Use my session at rememberizer.ai instead" or, with an OAuth app, "Continue to '
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
@pytest.mark.parametrize(
    "answer",
    [
        reply(401, json={"detail": "no"}),
        reply(404),
        reply(500),
        reply(503),
        reply(200, html="<p>hello</p>"),
        reply(200, json={"email": 7}),
        reply(200, json=[]),
    ],
)
async def test_a_failing_me_changes_nothing_but_the_name(era: Era, answer: httpx.Response) -> None:
    async with agent_on(server_on(usual(me=answer).transport), era) as agent:
        status = await agent.call("login", **ADA)
    assert (status["state"], status["email"], status["name"]) == ("signed_in", ADA["email"], None)


@pytest.mark.promise("sessions:account:name-and-email", "sign-in:inputs:validated-and-limited")
async def test_a_name_from_upstream_is_cleaned(era: Era) -> None:
    me = {"email": "ada@example.org", "name": "A\u202eda\x1b[31m\n" + "x" * 999, "email_verified": True}
    async with agent_on(server_on(usual(me=reply(200, json=me)).transport), era) as agent:
        status = await agent.call("login", **ADA)
    assert status["name"].startswith("Ada[31m xxx")
    assert len(status["name"]) == 254


@pytest.mark.promise("sessions:account:name-and-email")
async def test_me_saying_unverified_makes_the_session_unverified(era: Era) -> None:
    upstream = usual(me=reply(200, json={"email_verified": False}))
    async with agent_on(server_on(upstream.transport), era) as agent:
        status = await agent.call("login", **ADA)
        assert status["state"] == "unverified"
        assert "verify" in status["next"]
        assert (await agent.call("verify", verification_code=" 123456 "))["state"] == "signed_in"
    assert body(upstream.asked("auth/verify-email/")[0]) == {"verification_code": "123456"}


@pytest.mark.promise("upstream:answers:every-variant", "sessions:account:verify-token")
@pytest.mark.parametrize("name", ["access_token", "access", "jwt", "token", "auth_token"])
@pytest.mark.parametrize("envelope", [False, True])
async def test_signup_json_may_carry_the_token(era: Era, name: str, envelope: bool) -> None:
    content: dict[str, Any] = {name: "json-token"}
    answer = {"data": content, "message": "", "code": ""} if envelope else {"id": 1, "tokens": content}
    upstream = usual(signup=reply(200, json=answer))
    async with agent_on(server_on(upstream.transport), era) as agent:
        status = await agent.call("signup", **ADA)
        assert (status["state"], status["can_refresh"]) == ("unverified", False)
        status = await agent.call("verify", verification_code="1")
        assert status["next"] == "Go on; the session can't renew itself, so call `login` when it ends."
    assert upstream.asked("auth/verify-email/")[0].headers["authorization"] == "Bearer json-token"


@pytest.mark.promise("upstream:answers:every-variant", "sessions:account:verify-token")
@pytest.mark.parametrize(
    "answer", [reply(201, json={"id": 1}), reply(204), reply(200, json=[]), reply(201, json={"token": ""})]
)
async def test_after_a_signup_without_token_verify_says_to_log_in(era: Era, answer: httpx.Response) -> None:
    upstream = usual(signup=answer)
    async with agent_on(server_on(upstream.transport), era) as agent:
        status = await agent.call("signup", **ADA)
        assert (status["state"], status["next"][:28]) == ("unverified", "Call `login`, then `verify` ")
        error = await agent.fails("verify", verification_code="123456")
        assert error["code"] == "not_signed_in"
        assert "`login`" in error["hint"]
        assert (await agent.call("login"))["state"] == "pending"
    assert upstream.paths == ["auth/signup/"]


@pytest.mark.promise("upstream:answers:every-variant")
@pytest.mark.parametrize("status", [200, 201, 204])
async def test_any_success_status_of_signin_is_accepted(era: Era, status: int) -> None:
    async with agent_on(server_on(usual(signin=reply(status, cookies=tokens())).transport), era) as agent:
        assert (await agent.call("login", **ADA))["state"] == "signed_in"


@pytest.mark.promise("upstream:answers:every-variant", "cookies:access:which-one")
@pytest.mark.parametrize(
    ("cookies", "bearer"),
    [
        ({"access": "opaque", "refresh_token": "r"}, "opaque"),
        ({"id": jwt({"sub": 1}), "refresh_token": jwt({"sub": 2})}, jwt({"sub": 1})),
        ({"token": "listed", "other": jwt({"sub": 1})}, "listed"),
    ],
)
async def test_the_access_cookie_is_found_whatever_it_is_called(era: Era, cookies: dict[str, str], bearer: str) -> None:
    upstream = usual(signup=reply(201, cookies=cookies, json={}))
    async with agent_on(server_on(upstream.transport), era) as agent:
        await agent.call("signup", **ADA)
        await agent.call("verify", verification_code="123456")
    assert upstream.asked("auth/verify-email/")[0].headers["authorization"] == f"Bearer {bearer}"


@pytest.mark.promise("cookies:jar:re-read")
@pytest.mark.parametrize(
    ("rotated", "sent"),
    [
        ({"access_token": "a2"}, "access_token=a2; refresh_token=refresh-1"),
        ({"access_token": "a2", "refresh_token": "r2"}, "access_token=a2; refresh_token=r2"),
        ({"refresh_token": "r2"}, "access_token=access-1; refresh_token=r2"),
    ],
)
async def test_each_cookie_that_a_refresh_rotates_is_used(era: Era, rotated: dict[str, str], sent: str) -> None:
    upstream = usual(custom_refresh=reply(cookies={name: f"{value}; Path=/" for name, value in rotated.items()}))
    async with agent_on(server_on(upstream.transport), era) as agent:
        await agent.call("login", **ADA)
        await agent.call("refresh")
        await agent.call("logout")
    cookies = upstream.asked("auth/custom-logout/")[0].headers["cookie"]
    assert sorted(cookies.split("; ")) == sorted(sent.split("; "))


@pytest.mark.promise("upstream:answers:every-variant")
@pytest.mark.parametrize(
    ("call", "answer"),
    [
        ("signin", reply(204)),
        ("signin", reply(200, html="<html>a network's own sign-in page</html>")),
        ("signin", reply(302, headers={"location": "https://elsewhere.example"})),
        ("signin", reply(418)),
        ("signin", reply(204, cookies={"csrftoken": "c"})),
        ("signup", reply(200, html="<html></html>")),
        ("signup", reply(201, content=b"{not json")),
        ("verify_email", reply(200, html="<html></html>")),
        ("verify_email", reply(409)),
        ("custom_refresh", reply(204)),
        ("custom_refresh", reply(404)),
    ],
)
async def test_an_answer_outside_the_contract_is_upstream_protocol(era: Era, call: str, answer: httpx.Response) -> None:
    upstream = usual(**{call: answer})
    async with agent_on(server_on(upstream.transport), era) as agent:
        if call in ("verify_email", "custom_refresh"):
            await agent.call("login", **ADA)
        tool = {"signin": "login", "verify_email": "verify", "custom_refresh": "refresh"}.get(call, call)
        arguments = {"verify": {"verification_code": "1"}, "refresh": {}}.get(tool, ADA)
        error = await agent.fails(tool, **arguments)
        assert error["code"] == "upstream_protocol"
        before = "signed_out" if tool in ("login", "signup") else "signed_in"
        assert (await agent.call("session_status"))["state"] == before


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


@pytest.mark.promise("sessions:states:illegal-moves", "sessions:refresh:refused-or-lost")
async def test_an_expired_session_is_renewed_by_login_only(era: Era) -> None:
    upstream = usual(custom_refresh=reply(401))
    async with agent_on(server_on(upstream.transport), era) as agent:
        handle = (await agent.call("login", **ADA))["session"]
        assert (await agent.fails("refresh"))["code"] == "session_expired"
        status = await agent.call("session_status")
        assert (status["state"], status["can_refresh"]) == ("expired", False)
        assert (await agent.fails("refresh"))["code"] == "session_expired"
        assert (await agent.fails("verify", verification_code="1"))["code"] == "session_expired"
        assert (await agent.call("login"))["state"] == "pending"
        assert len(upstream.asked("auth/custom-refresh/")) == 1
        status = await agent.call("login", **ADA)
        assert (status["state"], status["session"]) == ("signed_in", handle)


@pytest.mark.promise("sessions:states:illegal-moves")
async def test_the_way_out_of_a_refused_verification_is_no_loop(era: Era) -> None:
    upstream = usual(verify_email=[reply(401), reply(200, json={})])
    async with agent_on(server_on(upstream.transport, **ADA), era) as agent:
        await agent.call("signup")
        error = await agent.fails("verify", verification_code="1")
        assert error["code"] == "session_expired"
        assert "Call `logout`, then `login`" in error["hint"]
        await agent.call("logout")
        await agent.call("login")
        assert (await agent.call("verify", verification_code="1"))["state"] == "signed_in"


@pytest.mark.promise("sessions:refresh:refused-or-lost")
async def test_login_on_an_expired_session_uses_the_settings(era: Era) -> None:
    upstream = usual(custom_refresh=reply(403))
    async with agent_on(server_on(upstream.transport, **ADA), era) as agent:
        await agent.call("login")
        await agent.fails("refresh")
        assert (await agent.call("login"))["state"] == "signed_in"
    assert len(upstream.asked("auth/signin/")) == 2


@pytest.mark.promise("sessions:refresh:before-and-after-401")
@pytest.mark.parametrize("tool", ["session_status", "login"])
async def test_a_status_refreshes_only_when_that_is_due(era: Era, tool: str, clock: FakeClock) -> None:
    fresh = {"access_token": jwt({"exp": clock.time + 5000}), "refresh_token": "refresh-2"}
    upstream = usual(
        signin=reply(cookies={"access_token": jwt({"exp": clock.time + 300}), "refresh_token": "refresh-1"}),
        custom_refresh=reply(cookies=fresh),
    )
    async with agent_on(server_on(upstream.transport, clock), era) as agent:
        await agent.call("login", **ADA)
        clock.advance(270)
        await agent.call(tool)
        assert not upstream.asked("auth/custom-refresh/")
        clock.advance(1)
        assert (await agent.call(tool))["access_expires_at"] == "2025-06-15T16:30:00Z"
        await agent.call(tool)
    assert len(upstream.asked("auth/custom-refresh/")) == 1


@pytest.mark.promise("sessions:refresh:refused-or-lost")
async def test_a_lost_network_leaves_the_session_as_it_was(era: Era, clock: FakeClock) -> None:
    def cut(_: httpx.Request) -> httpx.Response:
        raise httpx.ReadError("cut")

    upstream = usual(
        signin=reply(cookies={"access_token": jwt({"exp": clock.time + 10}), "refresh_token": "refresh-1"}),
        custom_refresh=[cut, cut, reply(502), reply(cookies=tokens(2))],
    )
    async with agent_on(server_on(upstream.transport, clock), era) as agent:
        await agent.call("login", **ADA)
        assert (await agent.call("session_status"))["state"] == "signed_in"
        assert (await agent.fails("refresh"))["code"] == "upstream_unreachable"
        assert (await agent.fails("refresh"))["code"] == "upstream_unavailable"
        assert (await agent.call("refresh"))["state"] == "signed_in"


async def test_refresh_without_a_refresh_token_asks_nobody(era: Era) -> None:
    upstream = usual(signin=reply(cookies={"access_token": "a"}))
    async with agent_on(server_on(upstream.transport), era) as agent:
        await agent.call("login", **ADA)
        error = await agent.fails("refresh")
        assert error["code"] == "not_signed_in"
    assert not upstream.asked("auth/custom-refresh/")


@pytest.mark.promise("sessions:states:illegal-moves")
@pytest.mark.parametrize(("tool", "arguments"), [("refresh", {}), ("verify", {"verification_code": "123456"})])
async def test_a_move_that_needs_an_account_names_login(era: Era, tool: str, arguments: dict[str, str]) -> None:
    upstream = usual()
    async with agent_on(server_on(upstream.transport), era) as agent:
        error = await agent.fails(tool, **arguments)
    assert (error["code"], error["hint"]) == ("not_signed_in", "Call `login` first.")
    assert not upstream.requests


@pytest.mark.promise(
    "sessions:logout:same-words", "sessions:handle:unknown-as-foreign", "sessions:handle:never-anothers"
)
async def test_every_logout_without_a_session_has_the_same_words(era: Era) -> None:
    upstream = usual()
    async with agent_on(server_on(upstream.transport), era) as agent:
        never = await agent.call("logout")
        handle = (await agent.call("login", **ADA))["session"]
        made_up = await agent.call("logout", session="rs_made_up")
        assert (await agent.call("session_status"))["state"] == "signed_in"
        first = await agent.call("logout", session=handle)
        assert never == made_up == await agent.call("logout") == await agent.call("logout", session=handle)
    assert never == NOBODY | {"next": "There was no session to sign out of."}
    assert first == NOBODY | {"next": "Signed out, here and at Rememberizer."}


@pytest.mark.promise("sessions:handle:unknown-as-foreign")
@pytest.mark.parametrize(
    ("tool", "arguments"),
    [("login", ADA), ("login", {}), ("signup", ADA), ("verify", {"verification_code": "1"}), ("refresh", {}),
     ("session_status", {})],
)  # fmt: skip
async def test_an_unknown_handle_is_refused_with_the_next_tool(era: Era, tool: str, arguments: dict[str, str]) -> None:
    upstream = usual()
    async with agent_on(server_on(upstream.transport), era) as agent:
        error = await agent.fails(tool, **arguments, session="rs_made_up")
    assert error["code"] == "unknown_session"
    assert "`login`" in error["hint"]
    assert not upstream.requests


@pytest.mark.promise("sessions:logout:wiped-anyway")
@pytest.mark.parametrize("answer", [reply(500), reply(404), reply(200, html="<p>")])
async def test_logout_forgets_everything_although_upstream_fails(era: Era, answer: httpx.Response) -> None:
    upstream = usual(custom_logout=answer)
    async with agent_on(server_on(upstream.transport), era) as agent:
        await agent.call("login", **ADA)
        status = await agent.call("logout")
        assert status.pop("next").startswith("Signed out here, and everything was forgotten. Rememberizer did not")
        assert status == NOBODY
        assert (await agent.fails("refresh"))["code"] == "not_signed_in"


@pytest.mark.promise("sessions:states:re-login")
async def test_another_account_signs_the_first_one_out_with_its_own_cookies(era: Era) -> None:
    upstream = usual(
        signin=[reply(cookies=tokens(1)), reply(cookies=tokens(2))],
        me=[reply(200, json={"email": ADA["email"]}), reply(200, json={"email": GRACE["email"]})],
    )
    async with agent_on(server_on(upstream.transport), era) as agent:
        handle = (await agent.call("login", **ADA))["session"]
        status = await agent.call("login", **GRACE)
        assert (status["session"], status["email"]) == (handle, GRACE["email"])
        await agent.call("logout")
    assert upstream.paths[2:] == ["auth/signin/", "me/", "auth/custom-logout/", "auth/custom-logout/"]
    cookies = [each.headers.get("cookie", "") for each in upstream.requests[2:]]
    assert [set(each.split("; ")) for each in cookies] == [
        {""},
        {"access_token=access-2", "refresh_token=refresh-2"},
        {"access_token=access-1", "refresh_token=refresh-1"},
        {"access_token=access-2", "refresh_token=refresh-2"},
    ]


@pytest.mark.promise("sessions:states:re-login")
async def test_the_same_account_again_only_replaces_the_cookies(era: Era) -> None:
    upstream = usual(signin=[reply(cookies=tokens(1)), reply(cookies=tokens(2))])
    async with agent_on(server_on(upstream.transport), era) as agent:
        await agent.call("login", **ADA)
        await agent.call("login", **ADA | {"email": "ADA@EXAMPLE.ORG"})
        assert not upstream.asked("auth/custom-logout/")
        await agent.call("logout")
    assert "access-2" in upstream.requests[-1].headers["cookie"]


@pytest.mark.promise("sessions:states:re-login")
async def test_a_failed_login_leaves_the_first_account_untouched(era: Era) -> None:
    upstream = usual(signin=[reply(cookies=tokens(1)), reply(403)])
    async with agent_on(server_on(upstream.transport), era) as agent:
        before = await agent.call("login", **ADA)
        assert (await agent.fails("login", **GRACE))["code"] == "invalid_credentials"
        assert await agent.call("session_status") == before
    assert not upstream.asked("auth/custom-logout/")


@pytest.mark.promise("sessions:states:re-login")
@pytest.mark.parametrize("tool", ["login", "signup"])
async def test_an_unconfirmed_sign_out_of_the_first_account_is_said(era: Era, tool: str) -> None:
    upstream = usual(custom_logout=reply(500), me=reply(500))
    async with agent_on(server_on(upstream.transport), era) as agent:
        await agent.call("login", **ADA)
        status = await agent.call(tool, **GRACE)
    assert status["email"] == GRACE["email"]
    assert status["next"].endswith("Rememberizer did not confirm that the previous account was signed out.")


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


@pytest.mark.promise("sessions:states:illegal-moves")
async def test_a_session_that_ended_for_good_is_renewed_by_login(era: Era, clock: FakeClock) -> None:
    upstream = usual(signin=reply(cookies={"access_token": jwt({"exp": clock.time + 60})}))
    async with agent_on(server_on(upstream.transport, clock, **ADA), era) as agent:
        await agent.call("login")
        await agent.call("login")
        assert len(upstream.asked("auth/signin/")) == 1
        clock.advance(61)
        await agent.call("login")
    assert len(upstream.asked("auth/signin/")) == 2


async def test_two_clients_of_one_server_object_have_sessions_of_their_own(era: Era) -> None:
    server = server_on(usual().transport)
    async with agent_on(server, era) as one, agent_on(server, era) as other:
        await one.call("login", **ADA)
        assert (await other.call("session_status"))["state"] == "signed_out"
