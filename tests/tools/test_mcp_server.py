"""Names that this server doesn't have: each is refused in our words, with the nearest of those that there are."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from mcp import Client, MCPError
from mcp_types import INVALID_PARAMS
from rememberizer_mcp.tools.base.arguments import ADDED_BY_HOSTS

from tests.support.agent import ERAS, Era, server_on
from tests.support.upstream import usual

CANARY = "canary-of-a-name"
each_era = pytest.mark.parametrize("era", ERAS)
NOT_ITS_OWN = "An argument is none of this prompt's."
PROMPTS = "`sign_in`, `ask_my_knowledge`, `remember_this_conversation`"


@asynccontextmanager
async def client_of(era: Era, **settings: Any) -> AsyncIterator[Client]:
    async with Client(server_on(usual().transport, **settings), mode=era) as client:
        yield client


async def refusal(client: Client, name: str, arguments: dict[str, str] | None = None) -> dict[str, Any]:
    """Our error in the refusal of a prompt."""
    with pytest.raises(MCPError) as refused:
        await client.get_prompt(name, arguments)
    assert refused.value.error.code == INVALID_PARAMS
    assert CANARY not in refused.value.error.model_dump_json()
    error: dict[str, Any] = refused.value.error.data["error"]
    assert refused.value.error.message == f"{error['code']}: {error['message']} {error['hint']}"
    return error


@each_era
@pytest.mark.promise("arguments:names:unknown-refused")
@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("serch", ", did you mean `search`?"),
        ("rememberizer_search", "."),
        (CANARY, "."),
        ("", "."),
        ("Login", ", did you mean `login`?"),
    ],
)
async def test_an_unknown_tool_is_a_result_with_our_error(name: str, meant: str, era: Era) -> None:
    async with client_of(era) as client:
        result = await client.call_tool(name, {"password": CANARY})
    assert result.is_error
    assert CANARY not in result.model_dump_json()
    error = (result.structured_content or {})["error"]
    assert (error["code"], error["retryable"], error["status"]) == ("not_found", False, None)
    assert error["message"] == f"There is no tool of this name{meant}"
    assert error["hint"].startswith("The tools are: `login`, `session_status`, `logout`")


@each_era
@pytest.mark.promise("arguments:names:unknown-refused")
async def test_a_tool_of_a_toolset_that_was_not_chosen_is_unknown_and_one_of_read_only_is_not(era: Era) -> None:
    async with client_of(era, read_only=True) as client:
        codes = [(await client.call_tool(name, {})).structured_content or {} for name in ("list_mementos", "remember")]
        offered = {tool.name for tool in (await client.list_tools()).tools}
    assert [each["error"]["code"] for each in codes] == ["not_found", "read_only"]
    hint = codes[0]["error"]["hint"]
    assert {name.strip("`. ") for name in hint.removeprefix("The tools are: ").split(",")} == offered


@each_era
@pytest.mark.promise("arguments:names:unknown-refused")
@pytest.mark.parametrize(("name", "meant"), [("signin", ", did you mean `sign_in`?"), (CANARY, "."), ("", ".")])
async def test_an_unknown_prompt_is_an_invalid_parameter_with_our_error(name: str, meant: str, era: Era) -> None:
    async with client_of(era) as client:
        error = await refusal(client, name)
    assert (error["code"], error["message"]) == ("not_found", f"There is no prompt of this name{meant}")
    assert error["hint"] == f"The prompts are: {PROMPTS}."


@each_era
@pytest.mark.promise("arguments:names:unknown-refused")
async def test_where_there_are_no_prompts_the_refusal_says_so(era: Era) -> None:
    async with client_of(era, toolsets="mementos") as client:
        error = await refusal(client, "sign_in")
    assert (error["message"], error["hint"]) == ("There is no prompt of this name.", "There are none.")


@each_era
@pytest.mark.promise("arguments:names:unknown-refused")
@pytest.mark.parametrize(
    ("name", "arguments", "message", "hint"),
    [
        ("ask_my_knowledge", None, "`question` is missing.", "The prompt takes `question`."),
        ("ask_my_knowledge", {"question": " \n"}, "`question` is missing.", "The prompt takes `question`."),
        ("ask_my_knowledge", {"query": "x"}, "`question` is missing.", "The prompt takes `question`."),
        ("ask_my_knowledge", {"question": "x", CANARY: "y"}, NOT_ITS_OWN, "The prompt takes `question`."),
        ("sign_in", {"email": CANARY}, NOT_ITS_OWN, "The prompt takes none."),
    ],
)  # fmt: skip
async def test_arguments_that_a_prompt_can_not_use_are_named(
    name: str, arguments: dict[str, str] | None, message: str, hint: str, era: Era
) -> None:
    async with client_of(era) as client:
        error = await refusal(client, name, arguments)
    assert (error["code"], error["message"], error["hint"]) == ("invalid_arguments", message, hint)


@each_era
async def test_a_prompt_is_given_without_what_hosts_add(era: Era) -> None:
    async with client_of(era) as client:
        added = dict.fromkeys(ADDED_BY_HOSTS, CANARY)
        told = [
            await client.get_prompt("sign_in", added),
            await client.get_prompt("ask_my_knowledge", {"question": "tea?"} | added),
            await client.get_prompt("remember_this_conversation", {"title": ""}),
        ]
    assert all(each.messages and CANARY not in each.model_dump_json() for each in told)


@each_era
@pytest.mark.promise("arguments:names:unknown-refused", "arguments:names:unknown-address")
@pytest.mark.parametrize("uri", [f"rememberizer://{CANARY}", f"file:///{CANARY}", "rememberizer://documents/1/2"])
async def test_an_unknown_resource_is_an_invalid_parameter_with_our_error(uri: str, era: Era) -> None:
    async with client_of(era) as client:
        with pytest.raises(MCPError) as refused:
            await client.read_resource(uri)
    error = refused.value.error
    assert error.code == INVALID_PARAMS
    assert error.data["error"]["code"] == "not_found"
    assert error.message.startswith("not_found: There is no resource of this address. `resources/list` and ")
    assert error.data.pop("uri") == uri
    assert CANARY not in error.model_dump_json()
