"""Results of ``knowledge`` stay within 75,000 bytes, say what was cut, and hold no character that steers unseen."""

import json
import re
import unicodedata
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rememberizer_mcp.server.api.documents import Document, DocumentPage
from rememberizer_mcp.server.api.search import Found
from rememberizer_mcp.tools.knowledge.findings import document_list, search_result, smart_search_result

from tests.support.agent import agent_on, server_on
from tests.support.knowledge import KEY, LONGEST, document, found, knowledge, listed, match, page
from tests.support.tiers import examples
from tests.support.upstream import FakeUpstream, reply

CONTENTS, DISCUSSION = "documents/12/contents/", "discussions/5/contents/"
FORBIDDEN = "\x00\x07\x1b\x7f\x85\x9f\u202a\u202e\u2066\u2069\u200b\u2060\ufeff\U000e0001\U000e0041\U000e007f"
JOINED = ("\u0647\u200c", "\u0915\u200d")
"""Joiners behind letters that need them."""


async def once(upstream: FakeUpstream, tool: str, **arguments: Any) -> dict[str, Any]:
    """The content of a call, whose text is within the limit."""
    async with agent_on(server_on(upstream.transport, api_token=KEY)) as agent:
        result = await agent.result(tool, **arguments)
    assert not result.is_error
    (block,) = result.content
    assert block.type == "text"
    assert len(block.text.encode()) <= LONGEST
    return dict(result.structured_content or {})


@pytest.mark.promise("tools:results:one-shape-fenced-bounded")
async def test_long_matches_are_cut_evenly_and_the_call_that_gets_them_is_named() -> None:
    upstream = knowledge(
        {"documents/search/": found(match(1, "short"), match(2, "é" * 40_000), match(3, "a" * 90_000))}
    )
    content = await once(upstream, "search", query="tea")
    assert [each["id"] for each in content["matches"]] == [1, 2, 3]
    lengths = [len(each["text"]) for each in content["matches"]]
    assert lengths[0] < 100
    assert lengths[1] == lengths[2] > 20_000
    characters = int(re.findall(r"cut at (\d+) characters", content["cut"])[0])
    assert "a" * characters + "…" in content["matches"][2]["text"]
    assert "`read_document`" in content["cut"]
    assert "left out" not in content["cut"]


@pytest.mark.promise("tools:results:one-shape-fenced-bounded")
async def test_matches_that_have_no_room_are_counted() -> None:
    upstream = knowledge({"documents/search/": found(*(match(number, "🍵" * 300) for number in range(400)))})
    content = await once(upstream, "search", query="tea")
    kept = [each["id"] for each in content["matches"]]
    assert kept == list(range(len(kept)))
    assert f"The last {400 - len(kept)} matches were left out" in content["cut"]
    assert "`limit`" in content["cut"]


@pytest.mark.promise("tools:results:one-shape-fenced-bounded")
async def test_a_page_that_is_too_large_becomes_smaller_pages_that_miss_nothing() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        number, size = (int(request.url.params[name]) for name in ("page", "page_size"))
        numbers = range((number - 1) * size + 1, min(number * size, 250) + 1)
        shown = [listed(each, path="🍵" * 400) for each in numbers]
        return page(*shown, count=250, next=None if number * size >= 250 else "https://x.example.org/")

    upstream = knowledge({"documents/": answer})
    number: int | None = 2
    size, seen = 100, list[int]()
    while number is not None:
        content = await once(upstream, "list_documents", page=number, page_size=size)
        seen += [each["id"] for each in content["documents"]]
        number, size = content["next_page"], content["page_size"]
    assert seen == list(range(101, 251))
    assert size == 25
    first = await once(upstream, "list_documents", page=2, page_size=100)
    assert first["cut"] == "The page was too large: go on with `page_size` 25, which `next_page` counts in."
    assert (first["page"], first["next_page"]) == (5, 6)


@pytest.mark.promise("tools:results:one-shape-fenced-bounded")
async def test_a_document_is_asked_again_for_fewer_chunks() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        start = int(request.url.params["start_chunk"])
        end = int(request.url.params.get("end_chunk", start + 20))
        return reply(200, json={"content": "".join(f"{at:06}" * 2_000 for at in range(start, end)), "end_chunk": end})

    upstream = knowledge({CONTENTS: answer})
    content = await once(upstream, "read_document", id=12, start_chunk=3)
    assert [request.url.params.get("end_chunk") for request in upstream.requests] == [None, "13", "8"]
    assert (content["start_chunk"], content["next_chunk"], content["cut"]) == (3, 8, None)
    assert "000003" in content["content"]
    assert "000007" * 2_000 in content["content"]


@pytest.mark.promise("tools:results:one-shape-fenced-bounded")
async def test_one_chunk_that_is_too_large_is_cut_and_said_to_be() -> None:
    upstream = knowledge({CONTENTS: reply(200, json={"content": "🍵" * 100_000, "end_chunk": 1})})
    content = await once(upstream, "read_document", id=12)
    assert [request.url.params.get("end_chunk") for request in upstream.requests] == [None, "10", "5", "2", "1"]
    kept = content["content"].count("🍵")
    assert content["cut"] == f"This chunk was cut at {kept} characters; no call gets the rest of it."
    assert 18_000 < kept < 19_000
    assert content["next_chunk"] == 1


@pytest.mark.promise("tools:results:one-shape-fenced-bounded")
async def test_a_long_discussion_is_cut_and_a_narrower_time_gets_the_rest() -> None:
    value = {"discussion_content": "a" * 60_000, "thread_contents": {"1": "b" * 60_000, "2": "c"}}
    content = await once(knowledge({DISCUSSION: reply(200, json=value)}), "read_discussion", id=5, source="slack")
    assert len(content["text"]) == len(content["threads"][0]["text"]) > 36_000
    assert content["cut"].endswith("0 threads left out: call again with a narrower `start` and `end`.")
    for text in ("b" * 300, "b"):
        value = {"discussion_content": "a", "thread_contents": [text] * 2_000}
        content = await once(knowledge({DISCUSSION: reply(200, json=value)}), "read_discussion", id=5, source="slack")
        assert f"{2_000 - len(content['threads'])} threads left out" in content["cut"]


@pytest.mark.promise("tools:results:one-shape-fenced-bounded")
async def test_a_long_description_and_many_sources_are_cut() -> None:
    value = {"email": "a@b.c", "datasource_description": "a" * 80_000}
    content = await once(knowledge({"account/": reply(200, json=value)}), "account")
    assert re.fullmatch(r"The description was cut at 7\d{4} characters; no call gets the rest\.", content["cut"])
    sources = [{"id": number, "source": "🍵" * 400} for number in range(60)]
    content = await once(knowledge({"integrations/": reply(200, json=sources)}), "list_sources")
    kept = len(content["sources"])
    assert content["cut"] == f"The last {60 - kept} sources were left out; no call gets them."
    assert kept > 40


sizes = st.tuples(st.integers(0, 60_000), st.sampled_from(["a", "é", "🍵", '"', "\n"]))


@pytest.mark.promise("tools:results:one-shape-fenced-bounded")
@settings(deadline=None)
@given(st.lists(sizes, max_size=30), sizes)
def test_no_answer_of_a_search_makes_a_result_too_large(texts: list[tuple[int, str]], answer: tuple[int, str]) -> None:
    matches = [match(number, character * count) for number, (count, character) in enumerate(texts)]
    got = Found.model_validate({"matches": matches, "result": answer[0] * answer[1]})
    for result in (search_result(got), smart_search_result(got)):
        assert len(result.model_dump_json().encode()) <= LONGEST
        assert [each.id for each in result.matches] == list(range(len(texts)))[: len(result.matches)]
        is_whole = all(len(each.text) - 40 >= count for each, (count, _) in zip(result.matches, texts, strict=False))
        assert result.cut or (is_whole and len(result.matches) == len(texts))


def texts_in(value: Any) -> Iterator[str]:
    """Every text in a result."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | dict):
        for member in value.values() if isinstance(value, dict) else value:
            yield from texts_in(member)


strange = st.lists(st.sampled_from([*"ab \n", *FORBIDDEN, *JOINED]), min_size=1, max_size=20).map("".join)


@pytest.mark.promise("tools:results:one-shape-fenced-bounded", "sign-in:inputs:validated-and-limited")
@settings(deadline=None, max_examples=examples(15))
@given(text=strange)
async def test_no_forbidden_character_survives_in_any_field_and_joiners_do(text: str) -> None:
    fields = ("name", "type", "path", "url", "created_time", "modified_time", "indexed_on", "status", "source")
    described = dict.fromkeys((*fields, "status_error_message", "integration_type"), f"x{text}x")
    source = {"id": 1, "integration_type": text, "source": text, "document_stats": {"status": {text: 1}}}
    said = {"discussion_content": text, "thread_contents": {text: {text: text}}}
    answers: dict[str, Any] = {
        "documents/search/": found(match(1, text, document=document(1, **described))),
        "documents/agentic_search/": reply(200, json={"matched_chunks": [match(1, text)], "result": text}),
        "documents/": page(listed(1, **described)),
        CONTENTS: reply(200, json={"content": text, "end_chunk": 1}),
        DISCUSSION: reply(200, json=said),
        "account/": reply(200, json={"email": text, "name": text, "datasource_description": text}),
        "integrations/": reply(200, json=[source | {"integration_step": text, "document_type": text}]),
    }
    calls: list[tuple[str, dict[str, Any]]] = [
        ("search", {"query": "tea"}),
        ("smart_search", {"query": "tea"}),
        ("list_documents", {}),
        ("read_document", {"id": 12}),
        ("read_discussion", {"id": 5, "source": "slack"}),
        ("account", {}),
        ("list_sources", {}),
    ]
    async with agent_on(server_on(knowledge(answers).transport, api_token=KEY)) as agent:
        for tool, arguments in calls:
            content = await agent.call(tool, **arguments)
            everything = "".join(texts_in(content)) + json.dumps(content, ensure_ascii=False)
            assert not set(everything) & set(FORBIDDEN)
            assert not [each for each in everything if unicodedata.category(each) == "Cc" and each not in "\t\n\r"]
        content = await agent.call("read_document", id=12)
    assert all(content["content"].count(pair) == text.count(pair) for pair in JOINED)


def test_a_page_that_fits_is_not_divided() -> None:
    documents = [Document.model_validate(listed(number)) for number in range(7)]
    got = document_list(DocumentPage(documents=documents, total=None, is_last=False), number=3, size=7)
    assert (got.page, got.page_size, got.next_page, got.cut, len(got.documents)) == (3, 7, 4, None, 7)


@pytest.mark.promise("tools:results:one-shape-fenced-bounded")
@pytest.mark.parametrize("is_last", [True, False])
def test_a_page_that_is_divided_goes_on_also_where_it_is_the_last(is_last: bool) -> None:
    documents = [Document.model_validate(listed(number, path="🍵" * 400)) for number in range(100)]
    got = document_list(DocumentPage(documents=documents, total=None, is_last=is_last), number=1, size=100)
    assert (got.page, got.page_size, got.next_page, len(got.documents)) == (1, 25, 2, 25)
