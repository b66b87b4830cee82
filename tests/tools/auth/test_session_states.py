"""From one state of a session to the next: renewal, expiry, another account, sign-out."""

import httpx
import pytest

from tests.support.agent import ADA, ERAS, GRACE, Era, agent_on, server_on
from tests.support.clock import FakeClock
from tests.support.upstream import jwt, reply, tokens, usual

pytestmark = pytest.mark.parametrize("era", ERAS)
NO_PAGE = dict.fromkeys(("requested_email", "waiting_for", "page_expires_at", "last_sign_in", "last_confirm_code"))
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
    **NO_PAGE,
}


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
