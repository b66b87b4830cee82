"""Which tools there are: the chosen toolsets', without those that write where the server only reads."""

from typing import Any

import pytest
from rememberizer_mcp.server.errors import ReadOnly
from rememberizer_mcp.server.settings.settings import Settings
from rememberizer_mcp.tools.toolsets import BUILDERS, chosen, is_hidden

from tests.support.agent import ADA, ERAS, Around, Era, agent_on, server_on
from tests.support.knowledge import KEY, found, knowledge, match
from tests.support.needing import needing
from tests.support.upstream import reply
from tests.tools.base.test_contract import AUTH, KNOWLEDGE

both_eras = pytest.mark.parametrize("era", ERAS)
WRITING = {"signup", "remember"}


async def names(era: Era, **settings: Any) -> list[str]:
    async with agent_on(server_on(knowledge().transport, **settings), era) as agent:
        return [tool.name for tool in (await agent.client.list_tools()).tools]


@pytest.mark.promise("tools:list:read-only-and-toolsets")
@both_eras
async def test_only_the_chosen_toolsets_are_listed_in_a_fixed_order(era: Era) -> None:
    assert await names(era) == [*AUTH, *KNOWLEDGE]
    assert await names(era, toolsets="knowledge") == KNOWLEDGE
    assert await names(era, toolsets="auth") == AUTH
    assert await names(era, toolsets="knowledge,auth") == [*AUTH, *KNOWLEDGE]
    everything = await names(era, toolsets="all")
    assert everything[: len(AUTH) + len(KNOWLEDGE)] == [*AUTH, *KNOWLEDGE]
    assert len(set(everything)) == len(everything)


@pytest.mark.promise("tools:list:read-only-and-toolsets")
@both_eras
async def test_a_tool_of_a_toolset_that_was_not_chosen_does_not_exist(era: Era) -> None:
    upstream = knowledge()
    async with agent_on(server_on(upstream.transport, toolsets="auth", api_token=KEY), era) as agent:
        result = await agent.client.call_tool("search", {"query": "tea"})
    assert result.is_error
    assert not upstream.requests


@pytest.mark.promise("tools:list:read-only-and-toolsets")
@both_eras
async def test_read_only_lists_nothing_that_writes(era: Era) -> None:
    for toolsets in ("auth", "knowledge", "all"):
        every = chosen(Settings(toolsets=toolsets))
        expected = [tool.name for tool in every if not tool.writes]
        assert await names(era, toolsets=toolsets, read_only=True) == expected
    assert {tool.name for tool in chosen(Settings(toolsets="all")) if tool.writes} >= WRITING


@pytest.mark.promise("tools:list:read-only-and-toolsets")
@both_eras
async def test_a_call_to_a_hidden_tool_says_read_only_and_asks_nobody(era: Era) -> None:
    upstream = knowledge({"documents/memorize/": reply(201)})
    calls: list[tuple[str, dict[str, Any]]] = [
        ("remember", {"name": "n", "content": "c"}),
        ("remember", {}),
        ("signup", {**ADA}),
        ("signup", {"password": "canary"}),
    ]
    async with agent_on(server_on(upstream.transport, read_only=True, api_token=KEY), era) as agent:
        for tool, arguments in calls:
            result = await agent.client.call_tool(tool, arguments)
            assert result.is_error
            error = (result.structured_content or {})["error"]
            assert (error["code"], error["message"]) == ("read_only", ReadOnly.sentence)
            assert (error["retryable"], "canary" in result.model_dump_json()) == (False, False)
    assert not upstream.requests


@pytest.mark.promise("tools:list:read-only-and-toolsets")
@both_eras
async def test_read_only_keeps_signing_in_and_reading(era: Era) -> None:
    upstream = knowledge({"documents/search/": found(match(1))})
    async with agent_on(server_on(upstream.transport, read_only=True), era) as agent:
        assert (await agent.call("login", **ADA))["state"] == "signed_in"
        assert (await agent.call("search", query="tea"))["matches"]
        assert (await agent.call("logout"))["state"] == "signed_out"


@pytest.mark.promise("tools:list:read-only-and-toolsets")
@both_eras
async def test_tools_of_the_embedding_program_come_last_and_are_filtered_too(era: Era) -> None:
    reading, writing = needing(), needing().model_copy(update={"name": "write", "writes": True})
    around = Around(more_tools=[reading, writing])
    async with agent_on(server_on(knowledge().transport, None, around, read_only=True), era) as agent:
        listed = [tool.name for tool in (await agent.client.list_tools()).tools]
        result = await agent.client.call_tool("write", {})
    assert listed[-1] == "ask"
    assert (result.structured_content or {})["error"]["code"] == "read_only"


@pytest.mark.promise("tools:list:read-only-and-toolsets")
def test_whether_a_tool_writes_agrees_with_its_hint() -> None:
    for name in BUILDERS:
        for tool in BUILDERS[name](Settings()):
            hints = tool.annotations
            assert hints is not None
            assert not (tool.writes and hints.read_only_hint)
            assert is_hidden(tool, Settings(read_only=True)) is tool.writes
            assert not is_hidden(tool, Settings())


@pytest.mark.promise("tools:list:read-only-and-toolsets")
@pytest.mark.parametrize("secret_arguments", [True, False])
def test_a_second_list_makes_no_models_anew(secret_arguments: bool) -> None:
    """The schemas keep each model, so that the memory of a process that makes lists would only grow."""
    settings = Settings(toolsets=tuple(BUILDERS), secret_arguments=secret_arguments)
    for first, second in zip(chosen(settings), chosen(settings), strict=True):
        assert first.arguments is second.arguments
