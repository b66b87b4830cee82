"""What tools accept as an argument, what they refuse of it, and that no refusal repeats a value."""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rememberizer_mcp.server.errors import InvalidArguments
from rememberizer_mcp.server.settings.settings import Settings
from rememberizer_mcp.tools.base.arguments import (
    LONGEST_SECRET,
    MOST_LEARNT,
    Arguments,
    learnable,
    parse,
    strings,
)
from rememberizer_mcp.tools.base.contract import ContractTool
from rememberizer_mcp.tools.toolsets import chosen

from tests.support.agent import ERAS, Era, agent_on, server_on
from tests.support.clock import local_zone
from tests.support.knowledge import KEY, knowledge
from tests.support.upstream import usual

CANARY = "canary-Zx9$7-secret"
BLANK = ["", " ", "\t\n", "\0", " \u200b", "\u202e", "\u3164", "\u200d\ufe0f", "\u2800"]
TOOLS = chosen(Settings(toolsets="all"))
NAMED = {tool.name: tool for tool in TOOLS}


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
    found = NAMED[tool]
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
    given = {"name": " tea ", "content": "\n\u202etea"}
    assert parse(NAMED["remember"].arguments, given).model_dump(exclude={"session"}) == given


@pytest.mark.promise("arguments:rejected:no-echo")
@pytest.mark.parametrize("zone", ["UTC", "EST+5", "XST-14"])
def test_a_date_without_a_zone_is_in_utc_wherever_the_server_runs(zone: str) -> None:
    dates = {"after": "2025-06-15", "before": "2025-06-15T01:00:00+02:00"}
    with local_zone(zone):
        given = parse(NAMED["search"].arguments, {"query": "tea"} | dates).model_dump()
    assert given["after"] == datetime(2025, 6, 15, tzinfo=UTC)
    assert given["before"] == datetime(2025, 6, 14, 23, tzinfo=UTC)


@pytest.mark.promise("arguments:rejected:no-echo")
@pytest.mark.parametrize("era", ERAS)
@pytest.mark.parametrize("password", ["null", "[1]", "{}", '"quoted"', "1", "true", " spaced ", "päss🔑"])
async def test_a_password_that_looks_like_json_arrives_as_it_is(era: Era, password: str) -> None:
    upstream = usual()
    async with agent_on(server_on(upstream.transport), era) as agent:
        await agent.call("login", email="a@b.c", password=password)
    assert json.loads(upstream.requests[0].content)["password"] == password


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"passwrd": "x"}, "an argument that this tool doesn't have, did you mean `password`? (it takes `session`, "),
        ({"xyz": None}, "an argument that this tool doesn't have (it takes `session`, `email`, `password`, `captcha`)"),
        ({"xyz": "x"}, "an argument that this tool doesn't have (it takes `session`, `email`, `password`, `captcha`)"),
        ({"email": 1}, "`email` must be a string"),
        ({"email": "no at sign"}, "`email` must be an e-mail address"),
        ({"captcha": "x" * 8193}, "`captcha` is too long"),
        ({"email": 1, "password": "x" * 1025}, "`email` must be a string; `password` is too long."),
    ],
)
def test_each_problem_of_the_arguments_is_named(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidArguments) as raised:
        parse(NAMED["login"].arguments, arguments)
    assert message in raised.value.message


def test_a_missing_argument_is_named() -> None:
    with pytest.raises(InvalidArguments, match="`verification_code` is missing"):
        parse(NAMED["verify"].arguments, {})


@pytest.mark.promise("arguments:rejected:no-echo", "settings:secrets:never-shown")
@given(
    st.dictionaries(
        st.sampled_from(["email", "password", "captcha", "session", "other"]),
        st.recursive(st.none() | st.integers() | st.booleans() | st.just(CANARY), st.lists) | st.text(),
    )
)
def test_no_arguments_make_the_parser_leak_or_crash(arguments: Mapping[str, Any]) -> None:
    outcome: Arguments | InvalidArguments
    try:
        outcome = parse(NAMED["login"].arguments, dict(arguments))
    except InvalidArguments as error:
        outcome = error
    if isinstance(outcome, InvalidArguments):
        assert CANARY not in str(outcome)
        assert outcome.__cause__ is None
        assert outcome.__context__ is None
    else:
        assert CANARY not in repr(dict(outcome)["password"])


def test_every_string_of_a_call_is_known_as_secret() -> None:
    assert sorted(strings({"a": ["b", {"c": None}], "d": 1})) == ["a", "b", "c", "d"]


@pytest.mark.parametrize(
    ("arguments", "learnt"),
    [
        ({"a": "x" * LONGEST_SECRET}, {"a", "x" * LONGEST_SECRET}),
        ({"a": "x" * (LONGEST_SECRET + 1)}, {"a"}),
        ({}, set()),
    ],
)
def test_strings_that_are_too_long_for_a_secret_are_not_learnt(arguments: dict[str, Any], learnt: set[str]) -> None:
    assert learnable(arguments) == learnt


@pytest.mark.parametrize(("length", "most"), [(6, MOST_LEARNT), (1_000, 16), (LONGEST_SECRET, 2)])
def test_what_is_learnt_of_one_call_is_bounded(length: int, most: int) -> None:
    assert len(learnable({"a": [f"{number:0{length}}" for number in range(1_000)]})) == most


def test_the_largest_call_that_is_accepted_is_learnt_whole() -> None:
    fields = NAMED["signup"].parameters["properties"]
    call = {name: f"{name:x<{field['maxLength']}}" for name, field in fields.items()}
    assert len(call["captcha"]) == LONGEST_SECRET
    assert learnable(call) == {*call, *call.values()}


def test_null_counts_as_not_given() -> None:
    assert parse(Arguments, {"session": None}) == Arguments()
