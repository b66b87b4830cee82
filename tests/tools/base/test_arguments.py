"""What no tool takes for a value of the kind that its schema names."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from rememberizer_mcp.server.errors import InvalidArguments
from rememberizer_mcp.server.settings.settings import Settings
from rememberizer_mcp.tools.base.arguments import parse
from rememberizer_mcp.tools.base.contract import ContractTool
from rememberizer_mcp.tools.toolsets import chosen

from tests.support.agent import ERAS, Era, agent_on, server_on
from tests.support.knowledge import KEY, knowledge

BLANK = ["", " ", "\t\n", "\0", " \u200b", "\u202e", "\u3164", "\u200d\ufe0f", "\u2800"]
TOOLS = chosen(Settings(toolsets="all"))


def problems(tool: ContractTool, **arguments: Any) -> str:
    with pytest.raises(InvalidArguments) as refused:
        parse(tool.arguments, arguments)
    return refused.value.message


def fields(*kinds: str) -> Iterator[Any]:
    """Each argument of such a kind, or with items of one, and whether it is a list."""
    for tool in TOOLS:
        for name, schema in tool.parameters["properties"].items():
            is_list = schema.get("type") == "array"
            if (schema["items"] if is_list else schema).get("type") in kinds:
                yield pytest.param(tool, name, is_list, id=f"{tool.name}-{name}")


@pytest.mark.promise("arguments:rejected:no-echo")
@pytest.mark.parametrize(("tool", "name", "is_list"), [*fields("integer", "number")])
@pytest.mark.parametrize("truth", [True, False])
def test_a_truth_is_no_number(tool: ContractTool, name: str, is_list: bool, truth: bool) -> None:
    said = problems(tool, **{name: [truth] if is_list else truth})
    assert f"`{name}` must be a number, not true or false" in said


@pytest.mark.promise("arguments:rejected:no-echo")
@pytest.mark.parametrize(
    ("tool", "names"),
    [
        ("remember", ["name", "content"]),
        ("signup", ["name"]),
        ("create_memento", ["name"]),
        ("search_vector_store", ["query"]),
        ("smart_search_vector_store", ["query"]),
        ("add_vector_text", ["name", "text"]),
        ("rename_vector_document", ["name"]),
        ("create_vector_store", ["name", "embedding_model", "indexing_algorithm", "search_metric"]),
    ],
)
@pytest.mark.parametrize("blank", BLANK, ids=ascii)
def test_a_text_of_which_nothing_can_be_read_is_named(tool: str, names: list[str], blank: str) -> None:
    (found,) = [each for each in TOOLS if each.name == tool]
    said = problems(found, **dict.fromkeys(names, blank), no_such=1)
    for name in names:
        is_unset = not blank.strip() and not found.arguments.model_fields[name].is_required()
        assert is_unset or f"`{name}` is {'blank' if blank else 'empty'}" in said


@pytest.mark.promise("arguments:rejected:no-echo")
@pytest.mark.parametrize("era", ERAS)
async def test_what_is_blank_is_sent_to_nobody(era: Era) -> None:
    upstream = knowledge()
    async with agent_on(server_on(upstream.transport, api_token=KEY), era) as agent:
        for query in BLANK:
            error = await agent.fails("search", query=query)
            assert (error["code"], error["status"], "`query`" in error["message"]) == ("invalid_arguments", None, True)
        assert "`name` is blank" in (await agent.fails("remember", name=" ", content="tea"))["message"]
    assert not upstream.requests


@pytest.mark.promise("arguments:rejected:no-echo")
def test_what_can_be_read_keeps_what_surrounds_it() -> None:
    (remember,) = [each for each in TOOLS if each.name == "remember"]
    given = {"name": " tea ", "content": "\n\u202etea"}
    assert parse(remember.arguments, given).model_dump(exclude={"session"}) == given


@pytest.mark.promise("arguments:rejected:no-echo")
@pytest.mark.parametrize("zone", ["UTC", "EST+5", "XST-14"])
def test_a_date_without_a_zone_is_in_utc_wherever_the_server_runs(zone: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        (search,) = [each for each in TOOLS if each.name == "search"]
        dates = {"after": "2025-06-15", "before": "2025-06-15T01:00:00+02:00"}
        given = parse(search.arguments, {"query": "tea"} | dates).model_dump()
    finally:
        monkeypatch.undo()
        time.tzset()
    assert given["after"] == datetime(2025, 6, 15, tzinfo=UTC)
    assert given["before"] == datetime(2025, 6, 14, 23, tzinfo=UTC)
