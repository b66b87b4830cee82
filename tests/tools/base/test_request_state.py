"""The sealed state between two rounds of a call on 2026-07-28."""

from typing import Any

import pytest
from mcp import MCPError
from mcp_types import (
    CallToolResult,
    ElicitResult,
    InputRequiredResult,
    InputResponses,
)

from tests.support.agent import ADA, Agent, Around, agent_on, server_on
from tests.support.person import Asking, sign_in_at
from tests.support.upstream import reply, usual

PATIENT = Around(patience_seconds=60)
BRIEF = Around(patience_seconds=0.3)


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


@pytest.mark.promise("sign-in:request-state:once", "sign-in:pending:one-page-for-two")
async def test_a_sign_up_that_was_finished_between_the_rounds_is_not_asked_for_again() -> None:
    async with agent_on(server_on(usual().transport), elicitation_callback=Asking("accept")) as agent:
        state, said = answers(await ask_by_hand(agent, "signup"))
        await sign_in_at((await agent.call("session_status"))["sign_in_url"])
        result = await ask_by_hand(agent, "signup", request_state=state, input_responses=said)
        assert isinstance(result, CallToolResult)
        assert (result.structured_content or {})["state"] == "signed_in"
        assert (result.structured_content or {})["sign_in_url"] is None


async def test_a_call_that_asked_for_an_account_goes_on_by_no_key() -> None:
    async def sign_out(_: Any, __: Any) -> ElicitResult:
        await agent.call("logout")
        return ElicitResult(action="accept")

    upstream = usual(custom_refresh=reply(401))
    server = server_on(upstream.transport, None, BRIEF, api_token="canary-key")
    async with agent_on(server, elicitation_callback=sign_out) as agent:
        await agent.call("login", **ADA)
        await agent.fails("refresh")
        assert (await agent.fails("search", query="tea"))["code"] == "sign_in_failed"
    assert not upstream.asked("documents/search/")
