"""The two searches: what is sent, and every shape of an answer that the contract lists (§4.1, §4.2, §8)."""

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import httpx
import pytest
from rememberizer_mcp.server.api.search import Found, agentic_search, search
from rememberizer_mcp.server.errors import UpstreamProtocolError, UpstreamUnavailable

from tests.support.knowledge import document, found, key_on, knowledge, match
from tests.support.upstream import Answer, FakeUpstream, reply

SEARCH, AGENTIC = "documents/search/", "documents/agentic_search/"
BERLIN = timezone(timedelta(hours=2))


async def searched(answer: Answer, **asked: Any) -> tuple[Found, FakeUpstream]:
    upstream = knowledge({SEARCH: answer})
    async with key_on(upstream) as key:
        return await search(key, **{"query": "tea"} | asked), upstream


async def smart(answer: Answer, **asked: Any) -> tuple[Found, FakeUpstream]:
    upstream = knowledge({AGENTIC: answer})
    async with key_on(upstream) as key:
        return await agentic_search(key, **{"query": "tea"} | asked), upstream


async def test_every_parameter_of_the_contract_is_sent() -> None:
    _, upstream = await searched(
        found(),
        query="tea & cake?",
        limit=7,
        after=datetime(2024, 1, 2, tzinfo=UTC),
        before=datetime(2024, 3, 4, 5, 6, 7, tzinfo=BERLIN),
        context_chunks=2,
    )
    (request,) = upstream.requests
    assert (request.method, request.content) == ("GET", b"")
    assert dict(request.url.params) == {
        "q": "tea & cake?",
        "n": "7",
        "from": "2024-01-02T00:00:00Z",
        "to": "2024-03-04T03:06:07Z",
        "prev_chunks": "2",
        "next_chunks": "2",
    }


@pytest.mark.promise("tools:weaknesses:absent")
async def test_what_is_not_given_is_not_sent() -> None:
    _, upstream = await searched(found())
    assert dict(upstream.requests[0].url.params) == {"q": "tea"}
    _, upstream = await smart(found())
    assert json.loads(upstream.requests[0].content) == {"query": "tea"}


async def test_every_field_of_an_agentic_search_is_sent() -> None:
    _, upstream = await smart(
        found(),
        user_context="I like it green",
        limit=4,
        after=datetime(2024, 1, 2, tzinfo=UTC),
        before=datetime(2024, 1, 3, tzinfo=UTC),
    )
    (request,) = upstream.requests
    assert (request.method, request.url.query) == ("POST", b"")
    assert json.loads(request.content) == {
        "query": "tea",
        "n_chunks": 4,
        "user_context": "I like it green",
        "from": "2024-01-02T00:00:00Z",
        "to": "2024-01-03T00:00:00Z",
    }


SHAPES: list[httpx.Response] = [
    found(match(1), match(2)),
    reply(200, json={"matched_chunks": [match(1), match(2)], "message": "ok"}),
    reply(200, json={"data": [match(1), match(2)], "message": "ok", "code": None}),
    reply(200, json={"data": {"matched_chunks": [match(1), match(2)], "data_sources": []}, "message": "", "code": ""}),
    reply(200, json={"data": {"data": [match(1), match(2)]}}),
    reply(200, json=[match(1), match(2)]),
    found(match(1, chunk_id=5), match(2, chunk_id="6")),
    found(match(1), match(2, message="Unable to complete a part of it")),
    reply(200, json={"matched_chunks": [match(1), match(2)], "message": "Unable to complete one more thing"}),
]


@pytest.mark.promise("tools:results:one-shape-fenced-bounded")
@pytest.mark.parametrize("shape", SHAPES)
async def test_each_documented_shape_gives_the_same_matches(shape: httpx.Response) -> None:
    expected, _ = await searched(SHAPES[0])
    assert [each.document.id for each in expected.matches] == [1, 2]
    assert [each.matched_content for each in expected.matches] == ["some words"] * 2
    assert [each.distance for each in expected.matches] == [0.25] * 2
    assert (await searched(shape))[0] == expected
    assert (await smart(shape))[0] == expected


@pytest.mark.promise("tools:results:one-shape-fenced-bounded")
async def test_a_document_is_described_as_far_as_upstream_does() -> None:
    whole = (await searched(found(match(1))))[0].matches[0].document
    assert (whole.name, whole.source, whole.type, whole.size) == ("Document 1", "google_drive", "text/plain", 101)
    assert whole.created_time == "2024-01-02T03:04:05Z"
    bare = (await searched(found(match(1, document={"id": 1}))))[0].matches[0].document
    assert bare.name == ""
    assert {value for name, value in bare if name not in ("id", "name")} == {None}


@pytest.mark.promise("tools:results:one-shape-fenced-bounded")
@pytest.mark.parametrize(
    ("fields", "field", "expected"),
    [
        ({"created_time": ""}, "created_time", None),
        ({"created_time": "  "}, "created_time", None),
        ({"modified_time": None}, "modified_time", None),
        ({"indexed_on": 1_700_000_000}, "indexed_on", None),
        ({"size": "1234"}, "size", 1234),
        ({"size": "12 KB"}, "size", None),
        ({"size": -1}, "size", None),
        ({"size": True}, "size", None),
        ({"size": 10**30}, "size", None),
        ({"name": None}, "name", ""),
        ({"name": ["x"]}, "name", ""),
        ({"name": "a\nb\u202e"}, "name", "a b"),
        ({"name": "n" * 600}, "name", "n" * 500),
        ({"integration": None}, "source", None),
        ({"integration": "slack"}, "source", None),
        ({"integration": {"integration_type": "slack"}}, "source", "slack"),
        ({"integration_type": "gmail"}, "source", "gmail"),
        ({"url": "https://example.org/" + "x" * 3_000}, "url", None),
        ({"url": ""}, "url", None),
        ({"url": 7}, "url", None),
    ],
)
async def test_what_only_describes_may_have_any_form(fields: dict[str, Any], field: str, expected: Any) -> None:
    answer = found(match(1, document=document(1, **fields)))
    assert getattr((await searched(answer))[0].matches[0].document, field) == expected


@pytest.mark.promise("tools:results:one-shape-fenced-bounded")
@pytest.mark.parametrize(
    ("ids", "expected"),
    [
        ({"id": 12}, 12),
        ({"id": "12"}, 12),
        ({"pk": 12, "id": "99"}, 12),
        ({"pk": 12, "id": 99}, 12),
        ({"pk": None, "id": 12}, 12),
        ({"pk": "", "id": "12"}, 12),
        ({"id": "a-uuid", "document_id": "12"}, 12),
        ({"id": None, "document_id": 12}, 12),
        ({"id": 2**53 - 1}, 2**53 - 1),
    ],
)
async def test_the_id_is_the_first_number(ids: dict[str, Any], expected: int) -> None:
    answer = found(match(1, document=ids))
    assert (await searched(answer))[0].matches[0].document.id == expected


BROKEN: list[Any] = [
    {**match(2), "document": {}},
    {**match(2), "document": {"id": "a-uuid", "document_id": "another"}},
    {**match(2), "document": {"id": True}},
    {**match(2), "document": {"id": 1.5}},
    {**match(2), "document": {"id": -1}},
    {**match(2), "document": {"id": 2**53}},
    {**match(2), "document": "canary"},
    {**match(2), "document": None},
    {**match(2), "matched_content": None},
    {**match(2), "matched_content": ["canary"]},
    {"document": document(2)},
    "canary",
    None,
    [],
]


@pytest.mark.promise("tools:results:one-shape-fenced-bounded", "upstream:answers:codes")
@pytest.mark.parametrize("broken", BROKEN)
async def test_one_broken_match_fails_the_search_and_is_not_quoted(broken: Any) -> None:
    for ask in (searched, smart):
        with pytest.raises(UpstreamProtocolError) as raised:
            await ask(found(match(1), broken))
        assert raised.value.status == 200
        assert "canary" not in f"{raised.value} {raised.value.__cause__}"


@pytest.mark.parametrize(
    ("distance", "expected"), [(0, 0.0), (-0.5, -0.5), (1.25, 1.25), (None, None), ("near", None), (True, None)]
)
async def test_the_distance_is_passed_on_or_null(distance: Any, expected: float | None) -> None:
    assert (await searched(found(match(1, distance=distance))))[0].matches[0].distance == expected


@pytest.mark.promise("tools:results:one-shape-fenced-bounded")
@pytest.mark.parametrize(
    "value",
    [
        {"matched_chunks": [], "message": "Unable to complete the search, try later"},
        {"matched_chunks": None, "message": "unable to complete"},
        {"data": [], "message": "UNABLE TO COMPLETE", "code": "error"},
        {"data": {"matched_chunks": [], "message": "Unable to complete"}},
        {"data": {"matched_chunks": []}, "message": "Unable to complete"},
        {"message": "Sorry. Unable to complete."},
    ],
)
async def test_a_success_that_says_it_failed_is_no_empty_result(value: Any) -> None:
    for ask in (searched, smart):
        with pytest.raises(UpstreamUnavailable) as raised:
            await ask(reply(200, json=value))
        assert (raised.value.status, raised.value.retryable) == (200, True)


@pytest.mark.promise("tools:results:one-shape-fenced-bounded")
@pytest.mark.parametrize(
    "value", [{"matched_chunks": []}, {"matched_chunks": [], "message": "No results"}, {"data": [], "message": 7}, []]
)
async def test_nothing_found_is_an_empty_result(value: Any) -> None:
    assert (await searched(reply(200, json=value)))[0] == Found(matches=[])


@pytest.mark.promise("upstream:answers:codes")
@pytest.mark.parametrize(
    "answer",
    [
        reply(200, json={}),
        reply(200, json={"matched_chunks": None}),
        reply(200, json={"matched_chunks": {"1": match(1)}}),
        reply(200, json="matched_chunks"),
        reply(200, json=None),
        reply(204),
        reply(200, content=b"<html>sign in to the hotel's network</html>"),
    ],
)
async def test_a_success_without_matches_is_a_broken_contract(answer: httpx.Response) -> None:
    with pytest.raises(UpstreamProtocolError):
        await searched(answer)


@pytest.mark.promise("tools:results:one-shape-fenced-bounded")
@pytest.mark.parametrize(
    ("value", "result", "count"),
    [
        ({"matched_chunks": [match(1)], "result": "Tea it is."}, "Tea it is.", 1),
        ({"result": "Tea\u202e it is."}, "Tea it is.", 0),
        ({"matched_chunks": [], "result": "Nothing.", "message": "Unable to complete"}, "Nothing.", 0),
        ({"matched_chunks": [match(1)], "result": "", "metadata": {"iterations": [{}]}}, None, 1),
        ({"matched_chunks": [match(1)], "result": None}, None, 1),
        ({"data": {"matched_chunks": [match(1)], "result": "Tea."}}, "Tea.", 1),
    ],
)
async def test_a_summary_may_come_with_or_without_matches(value: Any, result: str | None, count: int) -> None:
    got, _ = await smart(reply(200, json=value))
    assert (got.result, len(got.matches)) == (result, count)


async def test_a_summary_that_is_no_text_is_a_broken_contract() -> None:
    with pytest.raises(UpstreamProtocolError):
        await smart(reply(200, json={"matched_chunks": [], "result": {"text": "x"}}))


@pytest.mark.promise("upstream:retries:safe-calls-only")
async def test_a_search_is_repeated_where_that_is_safe_and_a_smart_one_never() -> None:
    answers: Any = [reply(503), reply(429), found(match(1))]
    got, upstream = await searched(answers)
    assert (len(got.matches), len(upstream.requests)) == (1, 3)
    upstream = knowledge({AGENTIC: reply(503)})
    async with key_on(upstream) as key:
        with pytest.raises(UpstreamUnavailable):
            await agentic_search(key, query="tea")
    assert len(upstream.requests) == 1
