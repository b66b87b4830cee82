"""What Rememberizer may answer to the calls of ``auth``: tokens in every place, and what is no answer."""

from typing import Any

import httpx
import pytest

from tests.support.agent import ADA, ERAS, Era, agent_on, server_on
from tests.support.upstream import jwt, reply, tokens, usual

pytestmark = pytest.mark.parametrize("era", ERAS)


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
