"""The rounds of a deletion's question on 2026-07-28: an answer is for its own deletion, and counts once (S16)."""

import base64
from collections.abc import Callable
from typing import Any

import anyio
import httpx
import pytest
from mcp import MCPError
from mcp_types import CallToolResult, ElicitResult, InputRequiredResult
from rememberizer_mcp.server.sessions.limiter import MOST_QUESTIONS, WINDOW_SECONDS

from tests.support.agent import ADA, Agent, Around, agent_on, server_on
from tests.support.clock import FakeClock
from tests.support.consent import YES, Consenting
from tests.support.person import sign_in_at
from tests.support.stores import DOCUMENTS, STORE, by_method, deleted, filed, keeper, memento, stocked
from tests.support.upstream import reply

BRIEF = Around(patience_seconds=0.2)


async def by_hand(
    agent: Agent, tool: str, arguments: dict[str, Any], **round_: Any
) -> CallToolResult | InputRequiredResult:
    result = await agent.client.session.call_tool(tool, arguments, allow_input_required=True, **round_)
    assert isinstance(result, CallToolResult | InputRequiredResult)
    return result


def question(result: CallToolResult | InputRequiredResult) -> tuple[str, str]:
    """The name of the only question, and the sealed state."""
    assert isinstance(result, InputRequiredResult)
    (name,) = result.input_requests or {}
    assert result.request_state is not None
    return name, result.request_state


def unpacked(state: str) -> bytes:
    """What a client can read of a sealed state."""
    packed = state.rpartition(".")[2]
    return base64.urlsafe_b64decode(packed + "=" * (-len(packed) % 4))


def code(result: CallToolResult | InputRequiredResult) -> str:
    assert isinstance(result, CallToolResult)
    return str((result.structured_content or {}).get("error", {}).get("code"))


def once() -> Callable[[httpx.Request], httpx.Response]:
    """Memento 12, until it is deleted."""
    there, gone = by_method(GET=reply(200, json=memento(12)), DELETE=reply(204)), False

    def answer(request: httpx.Request) -> httpx.Response:
        nonlocal gone
        before, gone = gone, gone or request.method == "DELETE"
        return reply(404) if before else there(request)

    return answer


@pytest.mark.promise(
    "tools:deletion:asks",
    "sign-in:request-state:where-allowed",
    "sign-in:request-state:sealed",
    "sign-in:request-state:once",
    "sign-in:request-state:no-secret",
)
async def test_a_yes_is_for_its_own_deletion_only_and_deletes_once() -> None:
    other = by_method(GET=reply(200, json=memento(13)), DELETE=reply(204))
    upstream = stocked({"mementos/12/": once(), "mementos/13/": other})
    async with keeper(upstream, elicitation_callback=Consenting(YES)) as agent:
        name, state = question(await by_hand(agent, "delete_memento", {"id": "12"}))
        said = {"request_state": state, "input_responses": {name: YES}}
        assert b"emento" not in unpacked(state)
        for tool, arguments in (
            ("delete_memento", {"id": "13"}),
            ("delete_memento", {"id": "12", "confirm": True}),
            ("delete_vector_document", {"id": 12}),
        ):
            with pytest.raises(MCPError, match="Invalid or expired requestState"):
                await by_hand(agent, tool, arguments, **said)
        assert deleted(upstream) == []
        assert code(await by_hand(agent, "delete_memento", {"id": "12"}, **said)) == "None"
        assert code(await by_hand(agent, "delete_memento", {"id": "12"}, **said)) == "not_found"
    assert deleted(upstream) == ["/api/v1/mementos/12/"]


@pytest.mark.promise("tools:deletion:once", "tools:deletion:asks", "sign-in:request-state:once")
@pytest.mark.parametrize("second", [YES, ElicitResult(action="decline"), None])
async def test_a_yes_that_is_sent_again_is_asked_about_again(second: ElicitResult | None) -> None:
    """Although upstream still has it, as while it deletes."""
    upstream = stocked()
    async with keeper(upstream, elicitation_callback=Consenting(YES)) as agent:
        name, state = question(await by_hand(agent, "delete_memento", {"id": "12"}))
        said = {"request_state": state, "input_responses": {name: YES}}
        results: list[CallToolResult | InputRequiredResult] = []

        async def say() -> None:
            results.append(await by_hand(agent, "delete_memento", {"id": "12"}, **said))

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(say)
            tasks.start_soon(say)
        said["input_responses"] = {name: second} if second else {}
        await say()
        assert sorted(type(each).__name__ for each in results) == ["CallToolResult", *["InputRequiredResult"] * 2]
        _, other = question(results[-1])
        assert other != state
    assert deleted(upstream) == ["/api/v1/mementos/12/"]


@pytest.mark.promise("tools:deletion:once", "tools:deletion:asks", "sign-in:request-state:once")
async def test_a_no_that_was_said_stays_when_a_yes_is_sent_after_it() -> None:
    upstream = stocked()
    async with keeper(upstream, elicitation_callback=Consenting(YES)) as agent:
        name, state = question(await by_hand(agent, "delete_memento", {"id": "12"}))
        no = {"request_state": state, "input_responses": {name: ElicitResult(action="decline")}}
        assert code(await by_hand(agent, "delete_memento", {"id": "12"}, **no)) == "forbidden"
        yes = no | {"input_responses": {name: YES}}
        assert question(await by_hand(agent, "delete_memento", {"id": "12"}, **yes))[0] == name
    assert deleted(upstream) == []


@pytest.mark.promise("tools:deletion:asks", "sign-in:request-state:once")
async def test_a_round_without_an_answer_is_no_yes() -> None:
    upstream = stocked()
    async with keeper(upstream, elicitation_callback=Consenting(YES)) as agent:
        name, state = question(await by_hand(agent, "delete_memento", {"id": "12"}))
        assert code(await by_hand(agent, "delete_memento", {"id": "12"}, request_state=state)) == "forbidden"
        without_state = await by_hand(agent, "delete_memento", {"id": "12"}, input_responses={name: YES})
        assert question(without_state)[0] == name
    assert deleted(upstream) == []


@pytest.mark.promise("tools:deletion:asks", "sign-in:request-state:sealed")
async def test_what_has_another_name_by_now_is_asked_about_again() -> None:
    upstream = stocked({f"{DOCUMENTS}/7": [reply(200, json=filed(7)), reply(200, json=filed(7, name="Precious"))]})
    async with keeper(upstream, elicitation_callback=Consenting(YES)) as agent:
        name, state = question(await by_hand(agent, "delete_vector_document", {"id": 7}))
        said = {"request_state": state, "input_responses": {name: YES}}
        again = await by_hand(agent, "delete_vector_document", {"id": 7}, **said)
        _, state = question(again)
        said["request_state"] = state
        assert code(await by_hand(agent, "delete_vector_document", {"id": 7}, **said)) == "None"
    assert deleted(upstream) == [f"/api/v1/vector-stores/{STORE}/documents/7/"]


@pytest.mark.promise("tools:deletion:asks", "sign-in:lazy:first-call-answered", "sign-in:request-state:once")
async def test_a_sign_in_on_the_way_is_one_round_more_and_no_consent() -> None:
    upstream = stocked()
    server = server_on(upstream.transport, None, BRIEF, toolsets="all")
    async with agent_on(server, elicitation_callback=Consenting(YES)) as agent:
        asked = await by_hand(agent, "delete_memento", {"id": "12"})
        name, state = question(asked)
        assert name == "sign_in"
        await sign_in_at((await agent.call("session_status"))["sign_in_url"])
        said = {"request_state": state, "input_responses": {name: ElicitResult(action="accept")}}
        assert code(await by_hand(agent, "delete_memento", {"id": "12"}, **said)) == "account_changed"
        name, state = question(await by_hand(agent, "delete_memento", {"id": "12"}))
        assert name == "consent"
        await agent.call("logout")
        said = {"request_state": state, "input_responses": {name: YES}}
        assert question(await by_hand(agent, "delete_memento", {"id": "12"}, **said))[0] == "sign_in"
    assert deleted(upstream) == []


@pytest.mark.promise("tools:deletion:asks", "sign-in:inputs:validated-and-limited")
async def test_who_has_the_user_asked_too_often_has_to_wait(clock: FakeClock) -> None:
    upstream = stocked()
    server = server_on(upstream.transport, clock, toolsets="all")
    async with agent_on(server, elicitation_callback=Consenting(YES)) as agent:
        await agent.call("login", **ADA)
        for _ in range(MOST_QUESTIONS):
            last = question(await by_hand(agent, "delete_memento", {"id": "12"}))
        refused = await agent.fails("delete_memento", id="12")
        assert (refused["code"], refused["retry_after_seconds"]) == ("rate_limited", WINDOW_SECONDS)
        name, state = last
        said = {"request_state": state, "input_responses": {name: YES}}
        assert code(await by_hand(agent, "delete_memento", {"id": "12"}, **said)) == "None"
        clock.advance(WINDOW_SECONDS)
        assert question(await by_hand(agent, "delete_memento", {"id": "12"}))[0] == name
    assert deleted(upstream) == ["/api/v1/mementos/12/"]
