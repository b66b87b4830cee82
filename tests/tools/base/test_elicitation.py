"""Hosts that are asked to open the sign-in page: whatever they and their users make of the question, in both eras."""

import re
from typing import Any

import anyio
import pytest
from mcp import MCPError
from mcp_types import (
    ElicitCompleteNotification,
    ElicitRequestURLParams,
)

from tests.support.agent import ADA, ERAS, GRACE, Around, Era, agent_on, server_on
from tests.support.person import Asking, link, sign_in_at
from tests.support.sessions import resync
from tests.support.upstream import Slow, reply, tokens, usual

each_era = pytest.mark.parametrize("era", ERAS)
PATIENT = Around(patience_seconds=60)
BRIEF = Around(patience_seconds=0.3)


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
@pytest.mark.promise("sign-in:elicitation:outcomes-told-apart")
async def test_declining_another_account_is_told_and_keeps_the_one_that_is_held(era: Era) -> None:
    host = Asking("decline")
    async with agent_on(server_on(usual().transport, None, PATIENT), era, elicitation_callback=host) as agent:
        await agent.call("login", **ADA)
        assert (await agent.fails("login", email=GRACE["email"]))["message"] == "The user declined to sign in."
        status = await agent.call("session_status")
        assert (status["state"], status["email"]) == ("signed_in", ADA["email"])


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
