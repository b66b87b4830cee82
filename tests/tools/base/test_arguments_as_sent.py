"""Arguments as hosts and models really send them: what is added, left empty, written as text or spelt otherwise."""

import json
import math
from collections.abc import Callable, Iterator
from typing import Annotated, Any

import pytest
from pydantic import Field
from rememberizer_mcp.server.errors import InvalidArguments
from rememberizer_mcp.server.settings.settings import Settings
from rememberizer_mcp.tools.base.arguments import ADDED_BY_HOSTS, MOST_PROBLEMS, Arguments, parse
from rememberizer_mcp.tools.base.contract import ContractTool
from rememberizer_mcp.tools.toolsets import chosen

from tests.support.agent import ERAS, Era, agent_on, server_on
from tests.support.knowledge import KEY, found, knowledge, page
from tests.support.upstream import FakeUpstream, usual

TOOLS = {tool.name: tool for tool in chosen(Settings(toolsets="all"))}
N8N = {"toolCallId": "call_1", "sessionId": "s", "action": "sendMessage", "chatInput": "hi", "tool": {"name": "search"}}
CLINE, GEMINI, CURSOR = {"task_progress": "- [x] a"}, {"wait_for_previous": False}, {"random_string": "dummy"}
each_era = pytest.mark.parametrize("era", ERAS)


def searched() -> FakeUpstream:
    return knowledge({"documents/search/": found()})


def parsed(tool: str, /, **arguments: Any) -> dict[str, Any]:
    return parse(TOOLS[tool].arguments, arguments).model_dump()


def refusal(tool: str, /, **arguments: Any) -> str:
    with pytest.raises(InvalidArguments) as refused:
        parse(TOOLS[tool].arguments, arguments)
    return refused.value.message


def fields(is_wanted: Callable[[dict[str, Any]], bool]) -> Iterator[Any]:
    """Each argument of each tool whose schema is such a one."""
    for tool in TOOLS.values():
        for name, schema in tool.parameters["properties"].items():
            if is_wanted(schema):
                yield pytest.param(tool, name, id=f"{tool.name}-{name}")


lists = pytest.mark.parametrize(("tool", "name"), [*fields(lambda schema: schema.get("type") == "array")])


@each_era
@pytest.mark.promise("arguments:names:added-by-hosts")
@pytest.mark.parametrize("added", [N8N, CLINE, GEMINI, CURSOR], ids=["n8n", "Cline", "Gemini CLI", "Cursor"])
async def test_a_call_works_with_what_its_host_adds(added: dict[str, Any], era: Era) -> None:
    async with agent_on(server_on(searched().transport, api_token=KEY), era) as agent:
        for tool, arguments in (("search", {"query": "tea"}), ("session_status", {}), ("logout", {"session": "rs_x"})):
            assert not (await agent.client.call_tool(tool, arguments | added)).is_error


@pytest.mark.promise("arguments:names:added-by-hosts")
@pytest.mark.parametrize("tool", TOOLS.values(), ids=lambda tool: tool.name)
def test_no_tool_minds_what_hosts_add_and_each_minds_what_is_misspelt(tool: ContractTool) -> None:
    added: dict[str, Any] = dict.fromkeys(N8N | CLINE | GEMINI | CURSOR, "x")
    assert set(added) == set(ADDED_BY_HOSTS)
    for name in added:
        assert "doesn't have" not in refusal(tool.name, **{name: "x"}, session=1)
    assert "did you mean `session`?" in refusal(tool.name, **added, sesion="x")


def test_what_a_host_adds_is_not_taken_for_a_name_of_ours() -> None:
    assert parsed("search", query="tea", sessionId="rs_x")["session"] is None
    assert "did you mean `session`?" in refusal("search", query="tea", session_id="rs_x")
    assert "an argument that this tool doesn't have" in refusal("search", query="tea", user_context="x")


def test_an_argument_of_ours_counts_even_if_hosts_add_its_name() -> None:
    class WithAction(Arguments):
        action: str

    assert parse(WithAction, {"action": "start", "tool": "x"}).action == "start"


@each_era
@pytest.mark.promise("arguments:values:empty-not-given")
async def test_what_a_host_sends_for_unset_arguments_changes_nothing(era: Era) -> None:
    upstream = searched()
    unset = {"limit": "", "session": "", "after": "", "before": None, "context_chunks": ""}
    async with agent_on(server_on(upstream.transport, api_token=KEY), era) as agent:
        await agent.call("search", query="tea")
        await agent.call("search", query="tea", **unset)
    assert upstream.requests[0].url == upstream.requests[1].url


@pytest.mark.promise("arguments:values:empty-not-given")
@pytest.mark.parametrize("tool", TOOLS.values(), ids=lambda tool: tool.name)
def test_every_argument_that_may_be_left_out_may_be_empty(tool: ContractTool) -> None:
    model = tool.arguments
    some = {name: VALUES.get(name, "1") for name, field in model.model_fields.items() if field.is_required()}
    whole = parse(model, some)
    for unset in ("", None):
        optional = {name: unset for name in model.model_fields if name not in some}
        changed = parse(model, some | optional).model_dump()
        kept = {name: "" for name in ("user_context", "description") if name in optional and unset is not None}
        assert changed == whole.model_dump() | kept


VALUES: dict[str, Any] = {"paths": ["/a"], "source": "slack"}


def test_an_empty_text_stays_where_it_can_be_meant_and_is_refused_where_something_has_to_stand() -> None:
    assert parsed("smart_search", query="tea", user_context="")["user_context"] == ""
    assert parsed("create_vector_store", name="tea", description="")["description"] == ""
    assert "`query` is empty" in refusal("search", query="", limit="")
    assert "`name` is blank" in refusal("remember", name=" ", content="tea", session=" ")
    assert "`limit` must be a whole number" in refusal("search", query="tea", limit=" x ")


@pytest.mark.promise("arguments:values:empty-not-given")
@pytest.mark.parametrize("blank", [" ", "\t\n", "\N{NO-BREAK SPACE}"])
def test_white_space_counts_as_not_given_where_it_can_not_be_meant(blank: str) -> None:
    unset = dict.fromkeys(["limit", "session", "after", "before", "context_chunks"], blank)
    assert parsed("search", query="tea", **unset) == parsed("search", query="tea")
    assert parsed("list_documents", source=blank) == parsed("list_documents")
    assert parsed("smart_search", query="tea", user_context=blank)["user_context"] == blank


@pytest.mark.promise("arguments:values:empty-not-given")
def test_white_space_around_what_it_can_not_belong_to_says_nothing() -> None:
    bare = {"after": "2025-01-01", "before": "2025-01-02", "session": "rs_x", "limit": "5"}
    padded = {name: f" {value}\n" for name, value in bare.items()}
    assert parsed("search", query="tea", **padded) == parsed("search", query="tea", **bare)
    assert parsed("search", query=" tea ")["query"] == " tea "
    assert "`session` is too long" in refusal("search", query="tea", session=f" {'x' * 64} ")


@pytest.mark.promise("arguments:names:added-by-hosts")
def test_names_without_number_or_length_cost_no_time(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(
        "rememberizer_mcp.tools.base.arguments.get_close_matches", lambda name, *_, **__: asked.append(name)
    )
    many = {f"z{number}": 1 for number in range(60_000)}
    assert "doesn't have" in refusal("search", **many, limit="x")
    assert len(asked) < MOST_PROBLEMS
    asked.clear()
    assert "doesn't have" in refusal("search", query="tea", **{"z" * 100_000: 1})
    assert not asked


@pytest.mark.promise("arguments:values:list-as-text")
@lists
def test_a_list_may_come_as_its_json_text(tool: ContractTool, name: str) -> None:
    others = {each: VALUES.get(each, "1") for each, field in tool.arguments.model_fields.items() if field.is_required()}
    for written, value in (('["12"]', ["12"]), (' [ "12","13" ]\n', ["12", "13"]), ("[12]", [12])):
        if isinstance(value[0], int) and name in ("paths", "add_folders"):
            continue
        assert parse(tool.arguments, others | {name: written}) == parse(tool.arguments, others | {name: value})


@pytest.mark.promise("arguments:values:list-as-text")
@lists
@pytest.mark.parametrize("text", ["/a", "1,2", "{}", '"[1]"', '["a"', "[" * 100_000, "null", '["\\ud83d"]'])
def test_any_other_text_is_no_list_and_the_refusal_says_so(tool: ContractTool, name: str, text: str) -> None:
    assert f"`{name}` must be a list, in square brackets" in refusal(tool.name, **{name: text})


def test_what_stands_in_a_list_s_text_is_checked_like_any_list() -> None:
    assert "`paths` is empty" in refusal("upload_vector_files", paths="[]")
    assert "`paths` must be a string" in refusal("upload_vector_files", paths='["/a", 1]')
    assert "`paths` must be a list" in refusal("upload_vector_files", paths={"0": "/a"})


@each_era
@pytest.mark.promise("arguments:values:list-as-text")
@pytest.mark.parametrize("text", ["null", "[1]", "{}", '["a"]', " [1] "])
async def test_a_text_that_looks_like_json_stays_a_text(text: str, era: Era) -> None:
    secrets, searches = usual(), searched()
    async with agent_on(server_on(secrets.transport), era) as agent:
        await agent.call("login", email="a@b.c", password=text, captcha=text)
    async with agent_on(server_on(searches.transport, api_token=KEY), era) as agent:
        await agent.call("search", query=text)
    sent = json.loads(secrets.requests[0].content)
    assert sorted(sent.values()) == sorted(["a@b.c", text, text])
    assert searches.requests[0].url.params["q"] == text


def test_each_kind_of_refusal_says_which_form_is_wanted() -> None:
    assert "`confirm` must be true or false" in refusal("delete_memento", id="1", confirm="true")
    assert "`email` must be an e-mail address" in refusal("login", email="ada")
    assert "`session` is too long" in refusal("search", query="tea", session="x" * 65)
    assert "`query` is missing" in refusal("search")
    assert "`paths` is too long" in refusal("upload_vector_files", paths=["/a"] * 10_000)
    for threshold in ("warm", "1,5", [0.5]):
        assert "`threshold` must be a number" in refusal("search_vector_store", query="tea", threshold=threshold)
    for limit in (1.5, [1]):
        assert "`limit` must be a whole number" in refusal("search", query="tea", limit=limit)
    assert "`limit` is too small" in refusal("search", query="tea", limit=0)
    assert "`limit` is too large" in refusal("search", query="tea", limit=10**6)
    for limit in (math.inf, math.nan):
        assert "`limit` must be a number" in refusal("search", query="tea", limit=limit)
    assert "`limit` is too large" in refusal("search", query="tea", limit="9" * 5_000)
    for moment in (5, "soon", "9999-12-31T23:59:59-10:00", "0001-01-01T00:00:00+10:00"):
        assert "`after` must be an ISO 8601 date" in refusal("search", query="tea", after=moment)


@pytest.mark.promise("arguments:values:word-as-meant")
@pytest.mark.parametrize("spelt", ["gmail", "Gmail", "GMAIL", " gmail ", "g-mail", "G mail"])
@each_era
async def test_a_source_is_taken_however_it_is_spelt(spelt: str, era: Era) -> None:
    upstream = knowledge({"documents/": page()})
    async with agent_on(server_on(upstream.transport, api_token=KEY), era) as agent:
        await agent.call("list_documents", source=spelt)
    assert upstream.requests[0].url.params["integration_type"] == "gmail"


@pytest.mark.promise("arguments:values:word-as-meant")
@pytest.mark.parametrize(
    ("spelt", "meant"),
    [
        *[(spelt, "google_drive") for spelt in ("google drive", "Google-Drive", "googledrive", "GOOGLE_DRIVE")],
        ("Common Knowledge", "common_knowledge"),
        ("Dropbox", "dropbox"),
        ("Slack", "slack"),
        ("Box-2", "Box-2"),
    ],
)
def test_words_of_the_api_are_known_and_others_stay_as_they_are(spelt: str, meant: str) -> None:
    assert parsed("list_documents", source=spelt)["source"] == meant


@pytest.mark.promise("arguments:values:word-as-meant")
@pytest.mark.parametrize(("tool", "name"), [*fields(lambda schema: "enum" in schema)])
def test_every_listed_word_is_taken_as_it_is_meant_and_a_refusal_lists_them(tool: ContractTool, name: str) -> None:
    words = tool.parameters["properties"][name]["enum"]
    others = {each: VALUES.get(each, "1") for each, field in tool.arguments.model_fields.items() if field.is_required()}
    for word in words:
        for spelt in (word.upper(), word.title(), f" {word}", word.replace("_", " "), word.replace("_", "-")):
            assert getattr(parse(tool.arguments, others | {name: spelt}), name) == word
    said = refusal(tool.name, **others | {name: "teapot"})
    assert f"`{name}` must be " in said
    assert all(word in said for word in words)
    assert f"`{name}` must be " in refusal(tool.name, **others | {name: 7})


@pytest.mark.promise("arguments:values:word-as-meant")
@pytest.mark.parametrize("source", ["my drive!", "", "x" * 41, "gmail/../x"])
def test_a_source_that_can_not_be_one_is_refused_with_those_that_are_known(source: str) -> None:
    if source:
        known = "google_drive, slack, discord, dropbox, gmail, memory, common_knowledge or another"
        assert f"`source` must be {known}" in refusal("list_documents", source=source)
    else:
        assert parsed("list_documents", source=source)["source"] is None


@pytest.mark.parametrize("name", ["password", "captcha"])
def test_a_secret_that_is_not_taken_is_named_with_its_setting(name: str) -> None:
    assert f"`{name}` is not taken here (REMEMBERIZER_SECRET_ARGUMENTS=off" in refusal("session_status", **{name: "x"})


def test_a_list_of_optional_words_is_unset_as_any_argument() -> None:
    class WithSome(Arguments):
        some: Annotated[list[str], Field(min_length=1)] | None = None

    assert parse(WithSome, {"some": ""}).some is None
    assert parse(WithSome, {"some": '["a"]', "session": ""}).some == ["a"]


@each_era
@pytest.mark.promise("arguments:values:empty-not-given")
async def test_empty_secrets_open_the_page_and_come_back_nowhere(era: Era) -> None:
    canary = "canary-of-a-captcha"
    async with agent_on(server_on(usual().transport), era) as agent:
        result = await agent.result("login", email="a@b.c", password="", captcha=canary)
        assert (result.structured_content or {})["state"] == "pending"
    assert canary not in result.model_dump_json()
