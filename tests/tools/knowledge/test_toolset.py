"""The eight tools of ``knowledge``, from an agent's side, on a fake upstream, in both protocol eras."""

import json
from typing import Any

import anyio
import pytest
from rememberizer_mcp.server.api import endpoints
from rememberizer_mcp.tools.knowledge.toolset import FINDABLE_SOON

from tests.support.agent import ERAS, Era, agent_on, server_on
from tests.support.knowledge import KEY, SETTING, found, knowledge, once, refused
from tests.support.upstream import reply

pytestmark = pytest.mark.parametrize("era", ERAS)
SEARCH = "documents/search/"
SMART = "documents/agentic_search/"
DISCUSSION = "discussions/5/contents/"
CONTENTS = "documents/12/contents/"
MEMORIZE = "documents/memorize/"


@pytest.mark.parametrize("tool", ["search", "smart_search"])
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"query": "word " * 401}, "`query` has 401 words; it must have 1 to 400."),
        ({"query": " \n"}, "`query` has 0 words; it must have 1 to 400."),
        ({"query": ""}, "`query` is empty"),
        ({"query": "x" * 4_001}, "`query` is too long"),
        ({"query": ["tea"]}, "`query` must be a string"),
        ({"query": "\ud800"}, "`query`"),
        ({}, "`query` is missing"),
        ({"query": "tea", "limit": 0}, "`limit` is too small"),
        ({"query": "tea", "limit": 21}, "`limit` is too large"),
        ({"query": "tea", "limit": "many"}, "`limit` must be a whole number"),
        ({"query": "tea", "limit": 1.5}, "`limit` must be a whole number"),
        ({"query": "tea", "after": "yesterday"}, "`after` must be an ISO 8601 date or date-time"),
        ({"query": "tea", "after": 1_700_000_000}, "`after` must be an ISO 8601 date or date-time"),
        ({"query": "tea", "before": "0001-01-01T00:00+14:00"}, "`before` must be an ISO 8601 date or date-time"),
        ({"query": "tea", "after": "2024-01-02", "before": "2024-01-01"}, "ends before it begins"),
        ({"query": "tea", "after": "2024-01-02", "before": "2024-01-02T00:00:00Z"}, "ends before it begins"),
        ({"query": "tea", "match_this": "x"}, "an argument that this tool doesn't have"),
    ],
)
async def test_what_a_search_can_not_use_is_named_and_nothing_is_sent(
    era: Era, tool: str, arguments: dict[str, Any], said: str
) -> None:
    upstream = knowledge()
    error = await refused(era, upstream, tool, **arguments)
    assert error["code"] == "invalid_arguments"
    assert said in error["message"]
    assert not upstream.requests


@pytest.mark.promise("upstream:time:budget")
async def test_a_smart_search_has_more_time_than_other_calls(era: Era) -> None:
    async def answer(_: Any) -> Any:
        await anyio.sleep(0.3)
        return found()

    assert endpoints.AGENTIC_SEARCH.at_least_seconds == endpoints.VECTOR_AGENTIC_SEARCH.at_least_seconds == 45
    upstream = knowledge({SMART: answer, SEARCH: answer})
    async with agent_on(server_on(upstream.transport, api_token=KEY, timeout_seconds=0.1), era) as agent:
        assert (await agent.fails("search", query="tea"))["code"] == "upstream_timeout"
        assert (await agent.call("smart_search", query="tea"))["matches"] == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"page": 0}, "`page` is too small"),
        ({"page_size": 101}, "`page_size` is too large"),
        ({"source": "my drive"}, "`source` must be google_drive, slack"),
        ({"source": "a" * 41}, "`source` must be google_drive, slack"),
    ],
)
async def test_a_page_that_can_not_be_is_refused(era: Era, arguments: dict[str, Any], said: str) -> None:
    error = await refused(era, knowledge(), "list_documents", **arguments)
    assert said in error["message"]


@pytest.mark.promise("tools:results:one-shape-fenced-bounded")
@pytest.mark.parametrize(
    ("tool", "path", "arguments", "value"),
    [
        ("search", "documents/search/", {"query": "tea"}, {"matched_chunks": [{}] * 300_000}),
        ("list_documents", "documents/", {}, {"results": [0] * 300_000}),
        ("read_discussion", DISCUSSION, {"id": 5, "source": "slack"}, {"thread_contents": {"a": [1] * 300_000}}),
    ],
)
async def test_an_answer_of_very_many_values_is_refused_and_not_read(
    era: Era, tool: str, path: str, arguments: dict[str, Any], value: Any
) -> None:
    error = await refused(era, knowledge({path: reply(200, json=value)}), tool, **arguments)
    assert error["code"] == "response_too_large"
    assert "200,000 values" in error["message"]


@pytest.mark.promise("tools:results:one-shape-fenced-bounded")
@pytest.mark.parametrize(("answer", "number"), [(reply(201), None), (reply(200, json={"data": [{"id": 7}]}), 7)])
async def test_what_is_remembered_can_be_found_once_it_is_indexed(era: Era, answer: Any, number: int | None) -> None:
    upstream = knowledge({MEMORIZE: answer})
    content = await once(era, upstream, "remember", name="[1]", content='{"tea": "green"}')
    known = {"id": number} if number else {}
    assert content == {"account": SETTING, **known, "next": FINDABLE_SOON}
    assert "until then a search that finds nothing proves little" in FINDABLE_SOON
    assert json.loads(upstream.requests[-1].content) == {"name": "[1]", "content": '{"tea": "green"}'}


async def test_a_text_of_half_a_million_characters_is_remembered_and_a_longer_one_refused(era: Era) -> None:
    upstream = knowledge({MEMORIZE: reply(201)})
    async with agent_on(server_on(upstream.transport, api_token=KEY), era) as agent:
        await agent.call("remember", name="Long", content="é" * 500_000)
        error = await agent.fails("remember", name="Long", content="é" * 500_001)
    assert (error["code"], error["message"]) == ("invalid_arguments", "Unusable arguments: `content` is too long.")
    assert upstream.paths == [MEMORIZE]


@pytest.mark.promise("tools:results:one-shape-fenced-bounded", "upstream:answers:codes")
@pytest.mark.parametrize(
    ("tool", "path", "arguments"),
    [
        ("search", SEARCH, {"query": "tea"}),
        ("smart_search", SMART, {"query": "tea"}),
        ("list_documents", "documents/", {}),
        ("read_document", CONTENTS, {"id": 12}),
        ("read_discussion", DISCUSSION, {"id": 5, "source": "slack"}),
        ("remember", MEMORIZE, {"name": "n", "content": "c"}),
        ("account", "account/", {}),
        ("list_sources", "integrations/", {}),
    ],
)
async def test_upstreams_refusals_have_their_codes_and_are_not_quoted(
    era: Era, tool: str, path: str, arguments: dict[str, Any]
) -> None:
    expected = {
        400: "invalid_arguments",
        402: "quota_exceeded",
        403: "forbidden",
        404: "not_found",
        418: "upstream_protocol",
        500: "upstream_unavailable",
    }
    upstream = knowledge()
    async with agent_on(server_on(upstream.transport, api_token=KEY), era) as agent:
        for status, code in expected.items():
            upstream.answers[path] = reply(status, json={"detail": "canary"})
            error = await agent.fails(tool, **arguments)
            assert (error["code"], error["status"]) == (code, status)
            assert "canary" not in json.dumps(error)
