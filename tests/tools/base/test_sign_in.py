"""How a person gets to the sign-in page by a link, and how the agent goes on when they are done or it has ended."""

import json
from typing import Any

import anyio
import pytest

from tests.support.agent import ADA, ERAS, GRACE, Around, Era, agent_on, server_on
from tests.support.clock import FakeClock, Gate
from tests.support.person import link, sign_in_at, visit
from tests.support.sessions import resync
from tests.support.upstream import reply, usual

each_era = pytest.mark.parametrize("era", ERAS)
PATIENT = Around(patience_seconds=60)
BRIEF = Around(patience_seconds=0.3)


@each_era
@pytest.mark.promise(
    "sign-in:ways:page-without-credentials",
    "sign-in:pending:link-and-code",
    "sign-in:ways:first-that-applies",
    "sign-in:ways:no-elicitation-needed",
)
async def test_without_elicitation_the_link_is_in_the_result_at_once(era: Era) -> None:
    async with agent_on(server_on(usual().transport, None, PATIENT), era) as agent:
        with anyio.fail_after(PATIENT.patience_seconds / 2):
            status = await link(agent)
        assert status["next"].startswith("Give the user the link and the confirm code: the page shows the same two")
        assert (await visit(status["sign_in_url"])).text.count(status["confirm_code"]) == 1
        await sign_in_at(status["sign_in_url"])
        status = await agent.call("session_status")
    assert (status["state"], status["method"], status["email"]) == ("signed_in", "browser", ADA["email"])
    assert status["sign_in_url"] is status["confirm_code"] is None


@each_era
@pytest.mark.promise("sign-in:pending:patience", "sign-in:pending:one-page-for-two")
async def test_a_second_login_shares_the_page_and_waits_for_the_person(era: Era) -> None:
    statuses: list[dict[str, Any]] = []
    async with agent_on(server_on(usual().transport, None, PATIENT), era) as agent:
        first = await link(agent)

        async def login() -> None:
            statuses.append(await agent.call("login"))

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(login)
            tasks.start_soon(login)
            await anyio.wait_all_tasks_blocked()
            assert (await link(agent, "session_status"))["sign_in_url"] == first["sign_in_url"]
            await sign_in_at(first["sign_in_url"])
    assert [status["state"] for status in statuses] == ["signed_in", "signed_in"]


@each_era
@pytest.mark.promise("sign-in:pending:patience")
async def test_patience_ends_and_the_page_stays(era: Era) -> None:
    async with agent_on(server_on(usual().transport, None, BRIEF), era) as agent:
        first = await link(agent)
        assert await link(agent) == first
        assert (await visit(first["sign_in_url"])).status_code == 200
        await resync()


@each_era
@pytest.mark.promise("sign-in:pending:patience")
async def test_progress_is_reported_to_a_client_that_asked_for_it(era: Era) -> None:
    heard: list[tuple[float, float | None, str | None]] = []

    async def hear(progress: float, total: float | None, message: str | None) -> None:
        heard.append((progress, total, message))

    async with agent_on(server_on(usual().transport, None, BRIEF), era) as agent:
        await link(agent)
        await agent.client.call_tool("login", {}, progress_callback=hear)
        await resync()
    assert heard
    assert heard[0][1:] == (0.3, "Waiting for the user to sign in.")
    assert [moment for moment, _, _ in heard] == sorted(moment for moment, _, _ in heard)


@each_era
@pytest.mark.promise("sign-in:pending:abandoned-reaped")
async def test_an_abandoned_page_is_closed_and_the_waiting_call_is_told(era: Era) -> None:
    life = Gate()
    around = Around(patience_seconds=5, page_life=life.sleep)
    async with agent_on(server_on(usual().transport, None, around), era) as agent:
        await link(agent)
        errors: list[dict[str, Any]] = []

        async def login() -> None:
            errors.append(await agent.fails("login"))

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(login)
            await anyio.wait_all_tasks_blocked()
            life.open()
        assert (errors[0]["code"], errors[0]["message"][:25]) == ("sign_in_failed", "Nobody signed in on the p")
        assert (await agent.call("session_status"))["state"] == "signed_out"
    assert life.waits == [600]


@each_era
@pytest.mark.promise("page:forms:five-attempts")
async def test_a_call_that_waits_is_told_of_too_many_attempts(era: Era) -> None:
    async with agent_on(server_on(usual(signin=reply(401)).transport, None, PATIENT), era) as agent:
        status = await link(agent)
        async with anyio.create_task_group() as tasks:

            async def try_five_times() -> None:
                for _ in range(5):
                    await visit(status["sign_in_url"], form="sign_in", **ADA)

            tasks.start_soon(try_five_times)
            error = await agent.fails("login")
    assert (error["code"], error["message"][:30]) == ("sign_in_failed", "There were too many wrong atte")


@each_era
@pytest.mark.promise("sign-in:end:page-closed")
async def test_a_call_that_waits_is_told_of_a_logout_and_goes_on_with_another_sign_in(era: Era) -> None:
    outcomes: list[Any] = []
    async with agent_on(server_on(usual().transport, None, PATIENT), era) as agent:

        async def login() -> None:
            result = await agent.result("login")
            outcomes.append((result.structured_content or {}).get("error", result.structured_content))

        for other, arguments in (("logout", {}), ("login", ADA)):
            await link(agent)
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(login)
                await anyio.wait_all_tasks_blocked()
                await agent.call(other, **arguments)
    assert outcomes[0]["message"] == "The sign-in page was closed by a logout or another sign-in."
    assert (outcomes[1]["state"], outcomes[1]["method"]) == ("signed_in", "password")


@each_era
async def test_logout_of_a_page_alone_asks_nobody(era: Era) -> None:
    upstream = usual()
    async with agent_on(server_on(upstream.transport), era) as agent:
        await link(agent)
        status = await agent.call("logout")
        assert status["next"] == "Nobody was signed in; the sign-in page was closed."
    assert not upstream.requests


@each_era
async def test_signup_without_a_password_opens_the_page_at_its_form(era: Era) -> None:
    async with agent_on(server_on(usual().transport), era) as agent:
        status = await link(agent, "signup", email=ADA["email"], name="Ada")
        page = (await visit(status["sign_in_url"])).text
        assert 'value="sign_up"' in page
        assert "Leave it empty for a…@example.org." in page
        assert "Leave it empty for the one that your assistant gave." in page
        assert (await link(agent, "login", email=GRACE["email"]))["sign_in_url"] == status["sign_in_url"]
        page = (await visit(status["sign_in_url"])).text
        assert 'value="sign_in"' in page
        assert "Leave it empty for g…@example.org." in page
        await resync()


@each_era
async def test_a_page_for_another_account_keeps_the_one_that_is_held(era: Era) -> None:
    async with agent_on(server_on(usual().transport), era) as agent:
        await agent.call("login", **ADA)
        status = await link(agent, email=GRACE["email"])
        assert status["email"] == ADA["email"]
        await resync()


@each_era
@pytest.mark.promise("page:forms:sent-once", "page:forms:work-and-stay")
async def test_while_the_mailed_code_is_missing_the_status_says_so(era: Era) -> None:
    me = reply(200, json={"email": ADA["email"], "email_verified": False})
    async with agent_on(server_on(usual(me=me).transport), era) as agent:
        url = (await link(agent))["sign_in_url"]
        page = await visit(url, form="sign_in", **ADA)
        assert "verification_code" in page.text
        assert "the mailed code left to enter" in (await link(agent, "session_status"))["next"]
        assert (await agent.call("verify", verification_code="123456"))["state"] == "signed_in"
        assert (await visit(url)).status_code == 410


@each_era
@pytest.mark.promise("sign-in:ways:settings-token-refused")
async def test_a_refresh_token_of_the_settings_is_taken_over_or_named(era: Era) -> None:
    upstream = usual(
        custom_refresh=[reply(cookies={"access_token": "a; Path=/", "refresh_token": "r2; Path=/"}), reply(401)]
    )
    server = server_on(upstream.transport, refresh_token="canary-of-the-settings")
    async with agent_on(server, era) as agent:
        status = await agent.call("login")
        assert (status["state"], status["method"], status["email"]) == ("signed_in", "refresh_token", ADA["email"])
        assert upstream.requests[0].headers["cookie"] == "refresh_token=canary-of-the-settings"
        await agent.call("logout")
        error = await agent.fails("login")
        assert error["code"] == "sign_in_failed"
        assert "REMEMBERIZER_REFRESH_TOKEN" in error["message"]
        assert "canary" not in json.dumps(error)


async def test_time_does_not_stand_between_a_page_and_its_successor() -> None:
    clock = FakeClock()
    async with agent_on(server_on(usual().transport, clock)) as agent:
        first = await link(agent)
        clock.advance(600)
        assert (await visit(first["sign_in_url"])).status_code == 410
        second = await link(agent)
        assert second["sign_in_url"] != first["sign_in_url"]
        assert (await visit(second["sign_in_url"])).status_code == 200


@each_era
@pytest.mark.promise("sign-in:end:page-closed", "sign-in:pending:abandoned-reaped")
async def test_a_page_that_ended_while_the_machine_slept_is_not_handed_out(era: Era, clock: FakeClock) -> None:
    async with agent_on(server_on(usual().transport, clock), era) as agent:
        url = (await link(agent))["sign_in_url"]
        clock.advance(600)
        assert (await agent.call("session_status"))["state"] == "signed_out"
        assert (await visit(url)).status_code == 410
        await agent.call("login", **ADA)
        await link(agent, email=GRACE["email"])
        clock.advance(600)
        status = await agent.call("session_status")
        assert (status["state"], status["email"]) == ("signed_in", ADA["email"])


@each_era
@pytest.mark.promise("sessions:account:verify-token")
async def test_after_a_sign_up_that_brought_no_token_login_leads_on(era: Era) -> None:
    upstream = usual(signup=reply(201, cookies={"sessionid": "opaque; Path=/"}, json={}))
    async with agent_on(server_on(upstream.transport), era) as agent:
        assert (await agent.call("signup", **ADA))["state"] == "unverified"
        status = await link(agent)
        assert "<bdi>a…@example.org</bdi>" in (await visit(status["sign_in_url"])).text
        await resync()
