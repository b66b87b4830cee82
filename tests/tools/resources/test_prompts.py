"""The prompts of the host's menu: which there are, and that each names tools that exist."""

import re

import pytest
from mcp import Client, MCPError
from mcp_types import TextContent

from tests.support.agent import ERAS, Era, server_on
from tests.support.upstream import usual

each_era = pytest.mark.parametrize("era", ERAS)
ALL = ["sign_in", "ask_my_knowledge", "remember_this_conversation"]


async def message_of(client: Client, name: str, **arguments: str) -> str:
    (message,) = (await client.get_prompt(name, arguments)).messages
    assert message.role == "user"
    assert isinstance(message.content, TextContent)
    return message.content.text


@each_era
@pytest.mark.promise("tools:resources:prompts")
async def test_there_are_three_with_titles_and_described_arguments(era: Era) -> None:
    async with Client(server_on(usual().transport), mode=era) as client:
        listed = (await client.list_prompts()).prompts
    assert [prompt.name for prompt in listed] == ALL
    assert all(prompt.title and prompt.description for prompt in listed)
    arguments = {prompt.name: prompt.arguments or [] for prompt in listed}
    assert [(each.name, each.required) for name in ALL for each in arguments[name]] == [
        ("question", True),
        ("title", False),
    ]
    assert all(each.description for name in ALL for each in arguments[name])


@pytest.mark.promise("tools:resources:prompts", "tools:list:read-only-and-toolsets")
@pytest.mark.parametrize(
    ("settings", "names"),
    [
        ({"toolsets": "auth"}, ["sign_in"]),
        ({"toolsets": "knowledge"}, ALL[1:]),
        ({"read_only": True}, ALL[:2]),
    ],
)
async def test_only_those_are_there_whose_tools_are(settings: dict[str, str | bool], names: list[str]) -> None:
    async with Client(server_on(usual().transport, **settings)) as client:
        assert [prompt.name for prompt in (await client.list_prompts()).prompts] == names


@each_era
@pytest.mark.promise("tools:resources:prompts")
async def test_each_sends_the_agent_to_tools_of_ours(era: Era) -> None:
    async with Client(server_on(usual().transport), mode=era) as client:
        tools = {tool.name for tool in (await client.list_tools()).tools}
        texts = [
            await message_of(client, "sign_in"),
            await message_of(client, "ask_my_knowledge", question="What did {Ada} say?"),
            await message_of(client, "remember_this_conversation"),
        ]
    named = {name for text in texts for name in re.findall(r"`(\w+)`", text)}
    assert named - {"pending"} == {"login", "session_status", "search", "smart_search", "read_document", "remember"}
    assert named - {"pending"} <= tools
    assert "\n\nThe question: What did {Ada} say?\n\n" in texts[1]


@pytest.mark.promise("tools:resources:prompts")
async def test_an_argument_that_a_host_cut_at_its_first_space_is_looked_for_in_the_conversation() -> None:
    async with Client(server_on(usual().transport)) as client:
        asked = await message_of(client, "ask_my_knowledge", question="where")
        stored = await message_of(client, "remember_this_conversation", title="Plans")
        unnamed = await message_of(client, "remember_this_conversation")
    cut = "Some hosts pass on only the first word of a {}. If I wrote more of it in this conversation, take that."
    assert asked.endswith("\n\nThe question: where\n\n" + cut.format("question"))
    assert stored.endswith(" Call it: Plans\n\n" + cut.format("title"))
    assert "Some hosts" not in unnamed


@pytest.mark.promise("tools:resources:prompts")
async def test_a_conversation_is_stored_under_the_title_that_was_given_or_one_of_the_agents_choice() -> None:
    async with Client(server_on(usual().transport)) as client:
        assert "Call it: Plans" in await message_of(client, "remember_this_conversation", title="Plans")
        assert "Choose a short name" in await message_of(client, "remember_this_conversation")


@each_era
@pytest.mark.promise("tools:resources:prompts")
async def test_a_question_that_is_missing_is_the_sdks_refusal(era: Era) -> None:
    async with Client(server_on(usual().transport), mode=era) as client:
        with pytest.raises(MCPError):
            await client.get_prompt("ask_my_knowledge", {})
