"""Vector stores: what is sent, and every shape that an answer may have (§6, §8)."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest
from rememberizer_mcp.server.api.body import Body
from rememberizer_mcp.server.api.client import Asker
from rememberizer_mcp.server.api.vector_stores import (
    FoundInStore,
    VectorDocument,
    VectorStore,
    add_text,
    agentic_search_store,
    create_store,
    delete_document,
    get_document,
    get_store,
    list_documents,
    rename_document,
    search_store,
    store_options,
)
from rememberizer_mcp.server.errors import UpstreamProtocolError, UpstreamUnavailable

from tests.support.hints import hint
from tests.support.stores import DOCUMENTS, STORE, STORE_KEY, by_method, filed, found, key_on, passage, stocked, store
from tests.support.upstream import FakeUpstream, reply

IN_STORE = {"store_id": STORE}
SEVEN = IN_STORE | {"document_id": 7}


async def on(upstream: FakeUpstream, ask: Callable[..., Awaitable[Any]], **options: Any) -> Any:
    async with key_on(upstream) as key:
        asker: Asker = key
        return await ask(asker, **options)


@pytest.mark.promise("tools:shapes:every-documented")
async def test_the_store_of_the_key_is_asked_for_with_the_key() -> None:
    upstream = stocked()
    assert await on(upstream, get_store) == VectorStore.model_validate(store())
    (request,) = upstream.requests
    assert request.headers["X-API-Key"] == STORE_KEY
    assert not request.headers.keys() & {"authorization", "cookie"}


@pytest.mark.promise("tools:shapes:every-documented")
@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, {}),
        ({"id": 5}, {"id": "5"}),
        ({"vector_dimension": "128", "created": "", "modified": None}, {"created": None, "modified": None}),
        ({"vector_dimension": "9" * 5_000}, {"vector_dimension": None}),
        ({"vector_dimension": "many", "description": None}, {"vector_dimension": None, "description": None}),
    ],
)
async def test_a_store_is_read_from_every_shape(fields: Any, expected: Any) -> None:
    for body in (store(**fields), {"data": store(**fields), "message": "ok", "code": None}):
        found = await on(stocked({"vector-stores/me": reply(200, json=body)}), get_store)
        assert found == VectorStore.model_validate(store() | expected)


@pytest.mark.promise("tools:shapes:every-documented")
@pytest.mark.parametrize("status", [200, 201])
async def test_a_new_store_is_read_whatever_success_says(status: int) -> None:
    upstream = stocked({"vector-stores/": reply(status, json={"id": "vs_new", "name": "New", "description": None})})
    made = await on(upstream, create_store, properties={"name": "New", "vector_dimension": 768})
    assert (made.id, made.name, made.vector_dimension) == ("vs_new", "New", 768)
    (request,) = upstream.requests
    assert json.loads(request.content) == {"name": "New", "vector_dimension": 768}


@pytest.mark.promise("tools:shapes:every-documented")
async def test_what_may_have_been_written_is_looked_for_before_it_is_written_again() -> None:
    upstream = stocked({"vector-stores/": reply(204), f"{DOCUMENTS}/create": reply(201)})
    with pytest.raises(UpstreamProtocolError, match="upstream_protocol") as caught:
        await on(upstream, create_store, properties={"name": "New"})
    assert "before another `create_vector_store`" in hint(caught.value)
    with pytest.raises(UpstreamProtocolError) as caught:
        await on(upstream, add_text, **IN_STORE, name="n", text="t")
    assert "before another `add_vector_text`" in hint(caught.value)


@pytest.mark.promise(
    "tools:shapes:every-documented", "sign-in:inputs:validated-and-limited", "tools:texts:numbers-bounded"
)
@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"models": ["a\u202e"], "dims": {"a": 5}}, {"models": ["a"], "dims": {"a": 5}}),
        ({"data": {"models": []}, "message": "ok"}, {"models": []}),
        ([{"name": "a"}], [{"name": "a"}]),
        ([[[[[["deep", 5]]]]]], [[[[[["deep", 5]]]]]]),
        ([[[[[[["deep"]]]]]]], [[[[[[None]]]]]]),
        ([[[[[[{"a": "deep"}]]]]]], [[[[[[None]]]]]]),
        (
            [2**53 - 1, 1 - 2**53, 2**53, -(2**53), 10**4_299, True, 0.5],
            [2**53 - 1, 1 - 2**53, None, None, None, True, 0.5],
        ),
    ],
)
async def test_options_are_passed_on_clean_whatever_their_shape(body: Any, expected: Any) -> None:
    found = await on(stocked({"vector-stores/configs": reply(200, json=body)}), store_options)
    assert found.options == expected


async def test_no_options_are_no_answer() -> None:
    with pytest.raises(UpstreamProtocolError):
        await on(stocked({"vector-stores/configs": reply(200)}), store_options)


@pytest.mark.promise("tools:shapes:every-documented")
@pytest.mark.parametrize(
    "body",
    [
        [filed(7), filed(8)],
        {"count": 2, "next": None, "results": [filed(7), filed(8)]},
        {"documents": [filed(7, id="7"), filed(8, size="108")]},
    ],
)
async def test_documents_are_read_from_every_shape_of_a_list(body: Any) -> None:
    upstream = stocked({DOCUMENTS: reply(200, json=body)})
    assert await on(upstream, list_documents, **IN_STORE) == [VectorDocument.model_validate(filed(n)) for n in (7, 8)]
    assert upstream.requests[0].url.query == b""


@pytest.mark.promise("tools:shapes:every-documented")
async def test_weakness_14_ids_and_counts_are_whole_numbers_and_states_are_open() -> None:
    body = filed(7, status="dancing", processing_status="", size="1.5 MB", indexed_on=None)
    found = await on(stocked({f"{DOCUMENTS}/7": reply(200, json=body)}), get_document, **SEVEN)
    assert (found.id, type(found.id)) == (7, int)
    assert (found.status, found.processing_status, found.size, found.indexed_on) == ("dancing", None, None, None)
    for other in (7.5, True, None, "seven", "\u0663", -1):
        with pytest.raises(UpstreamProtocolError):
            await on(stocked({f"{DOCUMENTS}/7": reply(200, json=filed(7, id=other))}), get_document, **SEVEN)


@pytest.mark.promise("tools:shapes:every-documented")
async def test_weakness_14_a_text_is_added_under_the_documented_field() -> None:
    upstream = stocked()
    added = await on(upstream, add_text, **IN_STORE, name="Notes", text="words")
    assert (added.id, added.status, added.indexed_on) == (9, "processing", None)
    assert json.loads(upstream.requests[0].content) == {"name": "Notes", "text": "words"}
    assert upstream.paths == [f"{DOCUMENTS}/create"]
    upstream = stocked({f"{DOCUMENTS}/create": reply(201, json={"id": 9})})
    assert (await on(upstream, add_text, **IN_STORE, name="Notes", text="words")).name == "Notes"


@pytest.mark.promise("tools:shapes:every-documented")
@pytest.mark.parametrize("answer", [reply(200, json=filed(7, name="New")), reply(200, json={}), reply(204)])
async def test_a_document_is_renamed_by_patch_and_its_slash(answer: httpx.Response) -> None:
    upstream = stocked({f"{DOCUMENTS}/7/": by_method(PATCH=answer)})
    renamed = await on(upstream, rename_document, **SEVEN, name="New")
    assert renamed == VectorDocument.model_validate({"id": 7, "name": "New"} | dict(Body(answer.content).fields))
    assert json.loads(upstream.requests[0].content) == {"name": "New"}


@pytest.mark.promise("tools:shapes:every-documented")
async def test_a_document_is_deleted_under_its_slash() -> None:
    upstream = stocked()
    await on(upstream, delete_document, **SEVEN)
    assert [(each.method, each.url.path) for each in upstream.requests] == [("DELETE", f"/api/v1/{DOCUMENTS}/7/")]


async def searched(answer: httpx.Response, **query: Any) -> tuple[FoundInStore, FakeUpstream]:
    upstream = stocked({f"{DOCUMENTS}/search": answer})
    return await on(upstream, search_store, **IN_STORE, **{"query": "tea"} | query), upstream


async def smart(answer: httpx.Response, **body: Any) -> tuple[FoundInStore, FakeUpstream]:
    upstream = stocked({f"{DOCUMENTS}/agentic_search": answer})
    return await on(upstream, agentic_search_store, **IN_STORE, **{"query": "tea"} | body), upstream


@pytest.mark.promise("tools:shapes:every-documented")
async def test_a_search_sends_what_is_given_and_nothing_else() -> None:
    _, upstream = await searched(found(), limit=3, threshold=0.9, context_chunks=1, other=None)
    assert dict(upstream.requests[0].url.params) == {
        "q": "tea",
        "n": "3",
        "t": "0.9",
        "prev_chunks": "1",
        "next_chunks": "1",
    }
    _, upstream = await smart(found(), limit=5, user_context=None)
    assert json.loads(upstream.requests[0].content) == {"query": "tea", "n_chunks": 5}


@pytest.mark.promise("tools:shapes:every-documented")
@pytest.mark.parametrize(
    "answer",
    [
        found(passage(7, "a\u200bb")),
        found({"document": {"id": "7", "name": "Manual 7"}, "matched_content": "ab", "distance": 0.25}),
        reply(200, json={"data": [passage(7, "ab")], "message": "ok", "code": None}),
        reply(200, json={"data": {"matched_chunks": [passage(7, "ab")]}}),
    ],
)
async def test_matches_are_read_from_every_shape(answer: httpx.Response) -> None:
    ((match,), _) = ((await searched(answer))[0].matches, None)
    assert (match.document.id, match.document.name, match.matched_content, match.distance) == (
        7,
        "Manual 7",
        "ab",
        0.25,
    )


@pytest.mark.promise("tools:shapes:every-documented")
async def test_a_smart_search_may_sum_up_without_matches() -> None:
    for answer, summary, count in (
        (found(passage(7), result="short"), "short", 1),
        (found(result=""), None, 0),
        (reply(200, json={"result": "short"}), "short", 0),
    ):
        findings, _ = await smart(answer)
        assert (findings.result, len(findings.matches)) == (summary, count)


@pytest.mark.promise("tools:shapes:every-documented")
@pytest.mark.parametrize(
    "answer",
    [
        reply(200, json={}),
        reply(204),
        found({"document": filed(7)}),
        found({"matched_content": "words"}),
        reply(200, json={"matched_chunks": None}),
        reply(200, json={"result": {"no": "text"}}),
    ],
)
async def test_what_is_promised_has_to_be_there(answer: httpx.Response) -> None:
    with pytest.raises(UpstreamProtocolError):
        await smart(answer)


@pytest.mark.promise("tools:shapes:every-documented")
async def test_a_success_that_says_it_failed_can_be_tried_again() -> None:
    said = {"message": "Unable to complete the search."}
    with pytest.raises(UpstreamUnavailable):
        await searched(found(**said))
    findings, _ = await searched(found(passage(7), **said))
    assert len(findings.matches) == 1
    assert (await smart(found(result="short", **said)))[0].result == "short"
