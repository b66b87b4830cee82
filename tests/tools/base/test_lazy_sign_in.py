"""The first call counts: a tool that needs an account signs in first, and then answers what was asked."""

import json
from typing import Any

import anyio
import pytest
from rememberizer_mcp.tools.base.call import ToolCall

from tests.support.agent import ADA, ERAS, Around, Era, agent_on, server_on
from tests.support.clock import FakeClock, leap
from tests.support.needing import Answer, needing
from tests.support.person import Asking, sign_in_at
from tests.support.sessions import resync
from tests.support.upstream import FakeUpstream, Slow, reply, tokens, usual

pytestmark = pytest.mark.parametrize("era", ERAS)
PATIENT = Around(patience_seconds=60, more_tools=[needing()])
BRIEF = Around(patience_seconds=1.0, more_tools=[needing()])


def upstream(**overrides: Any) -> FakeUpstream:
    return usual(account=reply(200, json={"id": 7}), **overrides)


@pytest.mark.promise("sign-in:lazy:first-call-answered", "sign-in:pending:link-and-code")
async def test_without_a_host_that_asks_the_error_carries_the_link_and_the_next_call_answers(era: Era) -> None:
    async with agent_on(server_on(upstream().transport, None, PATIENT), era) as agent:
        result = await agent.result("ask")
        error = (result.structured_content or {})["error"]
        assert error["code"] == "sign_in_pending"
        (block,) = result.content
        assert block.type == "text"
        for shown in (error["sign_in_url"], error["confirm_code"]):
            assert shown in block.text
        await sign_in_at(error["sign_in_url"])
        assert await agent.call("ask") == {"id": 7}


@pytest.mark.promise("sign-in:lazy:first-call-answered", "sign-in:pending:patience")
async def test_the_call_waits_for_the_person_and_answers_the_question(era: Era) -> None:
    answers: list[dict[str, Any]] = []
    async with agent_on(server_on(upstream().transport, None, PATIENT), era) as agent:
        url = (await agent.call("login"))["sign_in_url"]

        async def ask() -> None:
            answers.append(await agent.call("ask"))

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(ask)
            tasks.start_soon(ask)
            await anyio.wait_all_tasks_blocked()
            await sign_in_at(url)
    assert answers == [{"id": 7}, {"id": 7}]


@pytest.mark.promise("sign-in:pending:patience", "upstream:time:budget")
async def test_the_time_that_a_person_took_is_not_the_calls(era: Era) -> None:
    answers: list[dict[str, Any]] = []
    server = server_on(upstream().transport, None, PATIENT, timeout_seconds=5)
    async with agent_on(server, era) as agent:
        url = (await agent.call("login"))["sign_in_url"]

        async def ask() -> None:
            answers.append(await agent.call("ask"))

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(ask)
            await anyio.wait_all_tasks_blocked()
            leap(6)
            await sign_in_at(url)
    assert answers == [{"id": 7}]


@pytest.mark.promise("upstream:time:budget")
async def test_a_call_whose_time_is_over_before_its_turn_starts_no_sign_in(era: Era) -> None:
    slow, errors = Slow(reply(401)), list[dict[str, Any]]()
    server = server_on(upstream(signin=slow).transport, None, BRIEF, timeout_seconds=5)
    async with agent_on(server, era) as agent:

        async def fail(tool: str, **arguments: str) -> None:
            errors.append(await agent.fails(tool, **arguments))

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(lambda: fail("login", **ADA))
            await slow.asked.wait()
            tasks.start_soon(fail, "ask")
            await anyio.wait_all_tasks_blocked()
            leap(6)
        assert [error["code"] for error in errors] == ["upstream_timeout"] * 2
        assert (await agent.call("session_status"))["state"] == "signed_out"


@pytest.mark.promise("sign-in:lazy:first-call-answered", "sign-in:elicitation:outcomes-told-apart")
async def test_a_host_that_opens_links_is_asked_and_the_question_is_answered(era: Era) -> None:
    host = Asking("accept", signs_in=True)
    async with agent_on(server_on(upstream().transport, None, PATIENT), era, elicitation_callback=host) as agent:
        assert await agent.call("ask") == {"id": 7}
    assert len(host.asked) == 1


@pytest.mark.promise("sign-in:lazy:first-call-answered", "sign-in:elicitation:outcomes-told-apart")
@pytest.mark.parametrize(
    ("action", "code", "said"),
    [
        ("accept", "sign_in_pending", "The host agreed to open the page, and the user has not finished there"),
        ("cancel", "sign_in_pending", "The user closed the question without an answer"),
        ("decline", "sign_in_failed", "The user declined to sign in."),
    ],
)
async def test_each_answer_of_the_user_is_told_apart(era: Era, action: Any, code: str, said: str) -> None:
    host = Asking(action)
    async with agent_on(server_on(upstream().transport, None, BRIEF), era, elicitation_callback=host) as agent:
        error = await agent.fails("ask")
        assert error["code"] == code
        assert said in error["message"]
        assert ("sign_in_url" in error) is ("confirm_code" in error) is (code == "sign_in_pending")
        await resync()


@pytest.mark.promise("sign-in:lazy:first-call-answered")
async def test_the_settings_sign_in_without_a_person(era: Era) -> None:
    asked = upstream()
    async with agent_on(server_on(asked.transport, None, BRIEF, **ADA), era) as agent:
        assert await agent.call("ask") == {"id": 7}
        assert await agent.call("ask") == {"id": 7}
    assert asked.paths == ["auth/signin/", "me/", "account/", "account/"]


@pytest.mark.promise("sign-in:lazy:first-call-answered", "sign-in:pending:one-page-for-two")
async def test_two_first_calls_at_once_sign_in_once(era: Era) -> None:
    slow = Slow(reply(cookies=tokens()))
    asked = upstream(signin=slow)
    server = server_on(asked.transport, None, BRIEF, **ADA)
    async with agent_on(server, era) as agent, anyio.create_task_group() as tasks:
        tasks.start_soon(agent.call, "ask")
        tasks.start_soon(agent.call, "ask")
        await slow.asked.wait()
        await anyio.wait_all_tasks_blocked()
        slow.answers.set()
    assert asked.paths == ["auth/signin/", "me/", "account/", "account/"]


@pytest.mark.promise("sign-in:lazy:first-call-answered")
async def test_an_expired_session_is_signed_in_anew_before_the_question(era: Era, clock: FakeClock) -> None:
    short = {name: f"{value}; Max-Age=60" for name, value in tokens().items()}
    asked = upstream(signin=reply(cookies=short), custom_refresh=reply(401))
    async with agent_on(server_on(asked.transport, clock, BRIEF, **ADA), era) as agent:
        assert await agent.call("ask") == {"id": 7}
        clock.advance(61)
        assert await agent.call("ask") == {"id": 7}
    assert asked.paths.count("auth/signin/") == 2


@pytest.mark.promise("sign-in:lazy:first-call-answered")
async def test_switched_off_the_error_names_login(era: Era, clock: FakeClock) -> None:
    asked = upstream(custom_refresh=reply(401))
    async with agent_on(server_on(asked.transport, clock, BRIEF, lazy_sign_in=False), era) as agent:
        error = await agent.fails("ask")
        assert (error["code"], error["hint"]) == ("not_signed_in", "Call `login` first.")
        await agent.call("login", **ADA)
        await agent.fails("refresh")
        error = await agent.fails("ask")
        assert (error["code"], "`login`" in error["hint"]) == ("session_expired", True)


async def test_a_strange_handle_starts_no_sign_in(era: Era) -> None:
    async with agent_on(server_on(upstream().transport, None, BRIEF), era) as agent:
        assert (await agent.fails("ask", session="rs_nobody"))["code"] == "unknown_session"
        assert (await agent.call("session_status"))["state"] == "signed_out"


@pytest.mark.promise("sign-in:lazy:first-call-answered", "settings:secrets:never-shown")
async def test_a_failing_sign_in_is_the_answer_and_shows_no_secret(era: Era) -> None:
    async with agent_on(server_on(upstream(signin=reply(401)).transport, None, BRIEF, **ADA), era) as agent:
        error = await agent.fails("ask")
        assert error["code"] == "invalid_credentials"
        assert "REMEMBERIZER_EMAIL and REMEMBERIZER_PASSWORD" in error["hint"]
        assert ADA["password"] not in json.dumps(error)


@pytest.mark.promise("tools:weaknesses:absent")
async def test_a_call_whose_time_is_over_before_its_turn_to_sign_in_asks_nobody(era: Era) -> None:
    """The moves before it take longer than it has."""
    on, codes, is_over = upstream(), list[str](), anyio.Event()

    async def move(call: ToolCall) -> Answer:
        async with call.sessions.moving(call.owner, create=True):
            await is_over.wait()
        return Answer(id=1)

    around = Around(more_tools=[needing(), needing(move)])
    async with agent_on(server_on(on.transport, None, around, timeout_seconds=0.01, **ADA), era) as agent:

        async def ask() -> None:
            codes.append((await agent.fails("ask"))["code"])

        with anyio.fail_after(10):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(agent.call, "move")
                await anyio.wait_all_tasks_blocked()
                tasks.start_soon(ask)
                await anyio.wait_all_tasks_blocked()
                late = anyio.current_time() + 0.05
                while anyio.current_time() < late:
                    await resync()
                is_over.set()
    assert (codes, on.requests) == (["upstream_timeout"], [])
