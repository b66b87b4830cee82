"""How a person gets to the sign-in page, and how the agent goes on: in both eras, whatever the host can do."""

import json
import re
from typing import Any

import anyio
import pytest
from mcp import MCPError
from mcp_types import (
    CallToolResult,
    ElicitCompleteNotification,
    ElicitRequestURLParams,
    ElicitResult,
    InputRequiredResult,
    InputResponses,
)

from tests.support.agent import ADA, ERAS, GRACE, Agent, Around, Era, agent_on, server_on
from tests.support.clock import FakeClock, Gate
from tests.support.person import Asking, sign_in_at, visit
from tests.support.sessions import resync
from tests.support.upstream import Slow, reply, tokens, usual

each_era = pytest.mark.parametrize("era", ERAS)
PATIENT = Around(patience_seconds=60)
BRIEF = Around(patience_seconds=0.3)


async def link(agent: Agent, tool: str = "login", **arguments: Any) -> dict[str, Any]:
    """A call that leaves the person with a page; the link and the code are in both forms of the result."""
    result = await agent.result(tool, **arguments)
    content = dict(result.structured_content or {})
    assert content["state"] == "pending"
    (block,) = result.content
    assert block.type == "text"
    assert json.loads(block.text) == content
    assert content["sign_in_url"].startswith("http://127.0.0.1:")
    assert len(content["confirm_code"].split()) == 2
    return content


@each_era
@pytest.mark.promise(
    "sign-in:ways:page-without-credentials",
    "sign-in:pending:link-and-code",
    "sign-in:ways:first-that-applies",
    "sign-in:ways:no-elicitation-needed",
)
async def test_without_elicitation_the_link_is_in_the_result_at_once(era: Era) -> None:
    async with agent_on(server_on(usual().transport, None, PATIENT), era) as agent:
        with anyio.fail_after(2):
            status = await link(agent)
        assert status["next"].startswith("Give the user the link and the confirm code.")
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
@pytest.mark.promise(
    "sign-in:elicitation:url-for-secrets",
    "sign-in:elicitation:no-credentials-in-url",
    "sign-in:pending:link-and-code",
    "tools:questions:end",
)
async def test_a_host_that_opens_links_is_asked_with_the_code_and_the_call_goes_on(era: Era) -> None:
    host = Asking("accept", signs_in=True)
    async with agent_on(server_on(usual().transport, None, PATIENT), era, elicitation_callback=host) as agent:
        status = await agent.call("login")
        assert (status["state"], status["method"]) == ("signed_in", "browser")
    (asked,) = host.asked
    assert isinstance(asked, ElicitRequestURLParams)
    assert re.search(r'confirm code "\w+ \w+"\.$', asked.message)
    assert asked.elicitation_id


@pytest.mark.promise("sign-in:elicitation:outcomes-told-apart")
async def test_a_2025_host_is_told_when_the_person_is_done_even_after_the_call() -> None:
    host = Asking("accept")
    server = server_on(usual().transport, None, BRIEF)
    async with agent_on(server, "legacy", elicitation_callback=host, message_handler=host.hear) as agent:
        status = await link(agent)
        assert not host.told
        await sign_in_at(status["sign_in_url"])
        with anyio.fail_after(5):
            await host.heard.wait()
    (told,), (asked,) = host.told, host.asked
    assert isinstance(told, ElicitCompleteNotification)
    assert isinstance(asked, ElicitRequestURLParams)
    assert told.params.elicitation_id == asked.elicitation_id


@each_era
@pytest.mark.promise("sign-in:elicitation:outcomes-told-apart", "sign-in:pending:link-and-code")
async def test_accepting_is_not_being_done(era: Era) -> None:
    host = Asking("accept")
    async with agent_on(server_on(usual().transport, None, BRIEF), era, elicitation_callback=host) as agent:
        status = await link(agent)
        assert status["next"].startswith(
            "The host agreed to open the page, and the user has not finished there; if they"
        )
        await link(agent)
        await resync()
    assert len(host.asked) == 1


@each_era
@pytest.mark.promise("sign-in:elicitation:outcomes-told-apart")
async def test_a_user_who_declines_is_not_asked_again(era: Era) -> None:
    host = Asking("decline")
    async with agent_on(server_on(usual().transport, None, PATIENT), era, elicitation_callback=host) as agent:
        error = await agent.fails("login")
        assert (error["code"], error["message"]) == ("sign_in_failed", "The user declined to sign in.")
        assert "Don't ask again" in error["hint"]
        assert (await agent.call("session_status"))["state"] == "signed_out"


@each_era
@pytest.mark.promise("sign-in:elicitation:outcomes-told-apart", "sign-in:pending:link-and-code")
async def test_a_question_that_was_closed_leaves_the_page_open(era: Era) -> None:
    host = Asking("cancel")
    async with agent_on(server_on(usual().transport, None, PATIENT), era, elicitation_callback=host) as agent:
        status = await link(agent)
        assert status["next"].startswith("The user closed the question without an answer")
        await sign_in_at(status["sign_in_url"])
        assert (await agent.call("session_status"))["state"] == "signed_in"


@pytest.mark.promise("sign-in:elicitation:outcomes-told-apart", "sign-in:pending:link-and-code")
async def test_a_2025_host_that_can_not_ask_leaves_the_link() -> None:
    host = Asking("fail")
    async with agent_on(server_on(usual().transport, None, PATIENT), "legacy", elicitation_callback=host) as agent:
        status = await link(agent)
        assert status["next"].startswith("The host could not ask the user")


@pytest.mark.promise(
    "sign-in:elicitation:outcomes-told-apart", "sign-in:pending:abandoned-reaped", "sign-in:pending:link-and-code"
)
async def test_a_2026_host_that_can_not_ask_gets_the_link_at_the_next_call() -> None:
    host = Asking("fail")
    async with agent_on(server_on(usual().transport, None, BRIEF), elicitation_callback=host) as agent:
        with pytest.raises(MCPError, match="no window"):
            await agent.client.call_tool("login", {})
        await link(agent)
        await resync()
    assert len(host.asked) == 1


@pytest.mark.promise("sign-in:elicitation:outcomes-told-apart", "sign-in:pending:patience")
async def test_a_2025_host_that_does_not_answer_is_not_waited_for_beyond_patience() -> None:
    host = Asking("wait")
    async with agent_on(server_on(usual().transport, None, BRIEF), "legacy", elicitation_callback=host) as agent:
        status = await link(agent)
        assert status["next"].startswith("The user has not answered the host's question yet")
        await resync()


@pytest.mark.promise("sign-in:pending:patience")
async def test_a_2025_call_goes_on_when_the_page_is_done_before_the_question_is_answered() -> None:
    host = Asking("wait", signs_in=True)
    async with agent_on(server_on(usual().transport, None, PATIENT), "legacy", elicitation_callback=host) as agent:
        assert (await agent.call("login"))["state"] == "signed_in"
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


async def ask_by_hand(agent: Agent, tool: str = "login", **options: Any) -> CallToolResult | InputRequiredResult:
    arguments = options.pop("arguments", {})
    result = await agent.client.session.call_tool(tool, arguments, allow_input_required=True, **options)
    assert isinstance(result, CallToolResult | InputRequiredResult)
    return result


def answers(result: CallToolResult | InputRequiredResult) -> tuple[str, InputResponses]:
    assert isinstance(result, InputRequiredResult)
    assert result.request_state is not None
    assert list(result.input_requests or {}) == ["sign_in"]
    return result.request_state, {"sign_in": ElicitResult(action="accept")}


@pytest.mark.promise(
    "sign-in:request-state:sealed",
    "sign-in:request-state:once",
    "sign-in:request-state:no-secret",
    "sign-in:request-state:where-allowed",
)
async def test_the_sealed_state_is_used_once_and_for_its_own_call_only() -> None:
    host = Asking("accept")
    async with agent_on(server_on(usual().transport, None, BRIEF), elicitation_callback=host) as agent:
        state, said = answers(await ask_by_hand(agent))
        url = (await agent.call("session_status"))["sign_in_url"]
        assert url.rpartition("/")[2] not in state
        for position in range(0, len(state), 7):
            flipped = state[:position] + ("A" if state[position] != "A" else "B") + state[position + 1 :]
            with pytest.raises(MCPError, match="Invalid or expired requestState"):
                await ask_by_hand(agent, request_state=flipped, input_responses=said)
        for other in ({"tool": "signup"}, {"arguments": {"email": ADA["email"]}}):
            with pytest.raises(MCPError, match="Invalid or expired requestState"):
                await ask_by_hand(agent, request_state=state, input_responses=said, **other)
        await sign_in_at(url)
        done = await ask_by_hand(agent, request_state=state, input_responses=said)
        assert await ask_by_hand(agent, request_state=state, input_responses=said) == done
        await agent.call("logout")
        replayed = await ask_by_hand(agent, request_state=state, input_responses=said)
        assert isinstance(replayed, CallToolResult)
        assert (replayed.structured_content or {})["error"][
            "message"
        ] == "The sign-in that this call was about has ended."


@pytest.mark.promise("sign-in:request-state:once")
async def test_a_round_without_an_answer_is_no_consent() -> None:
    async with agent_on(server_on(usual().transport, None, PATIENT), elicitation_callback=Asking("accept")) as agent:
        state, _ = answers(await ask_by_hand(agent))
        result = await ask_by_hand(agent, request_state=state)
        assert isinstance(result, CallToolResult)
        assert "The host could not ask the user" in (result.structured_content or {})["next"]


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
@pytest.mark.promise("sign-in:elicitation:outcomes-told-apart")
async def test_declining_another_account_is_told_and_keeps_the_one_that_is_held(era: Era) -> None:
    host = Asking("decline")
    async with agent_on(server_on(usual().transport), era, elicitation_callback=host) as agent:
        await agent.call("login", **ADA)
        assert (await agent.fails("login", email=GRACE["email"]))["message"] == "The user declined to sign in."
        status = await agent.call("session_status")
        assert (status["state"], status["email"]) == ("signed_in", ADA["email"])


@pytest.mark.promise("sign-in:request-state:once", "sign-in:pending:one-page-for-two")
async def test_a_sign_up_that_was_finished_between_the_rounds_is_not_asked_for_again() -> None:
    async with agent_on(server_on(usual().transport), elicitation_callback=Asking("accept")) as agent:
        state, said = answers(await ask_by_hand(agent, "signup"))
        await sign_in_at((await agent.call("session_status"))["sign_in_url"])
        result = await ask_by_hand(agent, "signup", request_state=state, input_responses=said)
        assert isinstance(result, CallToolResult)
        assert (result.structured_content or {})["state"] == "signed_in"
        assert (result.structured_content or {})["sign_in_url"] is None


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


@pytest.mark.promise("sign-in:elicitation:outcomes-told-apart")
async def test_a_user_who_declines_while_signing_in_is_what_the_page_made_of_them() -> None:
    slow, host = Slow(reply(cookies=tokens())), Asking("decline")
    async with agent_on(
        server_on(usual(signin=slow).transport, None, PATIENT), "legacy", elicitation_callback=host
    ) as agent:
        host.before = slow.asked
        statuses: list[dict[str, Any]] = []

        async def login() -> None:
            statuses.append(await agent.call("login"))

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(login)
            await host.was_asked.wait()
            (asked,) = host.asked
            assert isinstance(asked, ElicitRequestURLParams)
            tasks.start_soon(sign_in_at, asked.url)
            await slow.asked.wait()
            await anyio.wait_all_tasks_blocked()
            slow.answers.set()
    assert [status["state"] for status in statuses] == ["signed_in"]
