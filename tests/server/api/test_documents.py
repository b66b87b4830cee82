"""The list of documents, their contents, and adding one: what is sent, and every shape of an answer (§4.3-4.6, §8)."""

import json
from typing import Any

import httpx
import pytest
from rememberizer_mcp.server.api import endpoints
from rememberizer_mcp.server.api.documents import (
    Contents,
    DocumentPage,
    document_contents,
    list_documents,
    memorize,
)
from rememberizer_mcp.server.errors import (
    NotFound,
    QuotaExceeded,
    RememberizerError,
    UpstreamProtocolError,
    UpstreamUnavailable,
    UpstreamUnreachable,
)

from tests.support.hints import hint
from tests.support.knowledge import key_on, knowledge, listed, page
from tests.support.upstream import Answer, FakeUpstream, reply

CONTENTS = "documents/12/contents/"
MEMORIZE = "documents/memorize/"


async def listing(answer: Answer, **asked: Any) -> tuple[DocumentPage, FakeUpstream]:
    upstream = knowledge({"documents/": answer})
    async with key_on(upstream) as key:
        return await list_documents(key, **{"page": 1, "page_size": 2} | asked), upstream


async def reading(answer: Answer, **asked: Any) -> tuple[Contents, FakeUpstream]:
    upstream = knowledge({CONTENTS: answer})
    async with key_on(upstream) as key:
        return await document_contents(key, 12, **{"start_chunk": 0} | asked), upstream


async def storing(answer: Answer) -> tuple[int | None, FakeUpstream]:
    upstream = knowledge({MEMORIZE: answer})
    async with key_on(upstream) as key:
        return await memorize(key, name="Tea", content="Green."), upstream


async def test_the_list_is_asked_as_documented() -> None:
    _, upstream = await listing(page(), page=3, page_size=50, source="slack")
    assert dict(upstream.requests[0].url.params) == {"page": "3", "page_size": "50", "integration_type": "slack"}
    _, upstream = await listing(page())
    assert dict(upstream.requests[0].url.params) == {"page": "1", "page_size": "2"}


@pytest.mark.promise("tools:results:one-shape-fenced-bounded")
@pytest.mark.parametrize(
    "shape",
    [
        page(listed(1), listed(2)),
        page(listed(1, pk="1"), listed(2, pk="2")),
        page(listed(1, pk=None, id=1), listed(2, pk=None, id="2")),
        page(listed(1, pk=None, id=None, document_id=1), listed(2, pk=None, id="x", document_id="2")),
        page(listed(1, status="indexed", size="101"), listed(2)),
        page(listed(1), listed(2), count="2"),
        reply(200, json={"data": {"count": 2, "next": None, "results": [listed(1), listed(2)]}, "message": ""}),
        reply(200, json={"data": {"count": 2, "data": [listed(1), listed(2)]}}),
        reply(200, json={"count": 2, "data": [listed(1), listed(2)]}),
        reply(200, json={"count": 2, "results": [listed(1), listed(2)]}),
        reply(200, json=[listed(1), listed(2)]),
    ],
)
async def test_each_shape_of_a_page_gives_the_same_page(shape: httpx.Response) -> None:
    expected, _ = await listing(page(listed(1), listed(2)))
    assert [(each.id, each.name, each.source) for each in expected.documents] == [
        (1, "Document 1", "google_drive"),
        (2, "Document 2", "google_drive"),
    ]
    assert (await listing(shape))[0] == expected


async def test_a_page_without_a_count_has_no_total() -> None:
    got, _ = await listing(reply(200, json={"results": [listed(1)]}))
    assert (got.total, got.is_last) == (None, True)


@pytest.mark.promise("tools:results:one-shape-fenced-bounded")
@pytest.mark.parametrize(
    ("number", "fields", "is_last"),
    [
        (1, {"count": 5, "next": "https://x.example.org"}, False),
        (1, {"count": 5, "next": None}, True),
        (1, {"count": 2, "next": "https://x.example.org"}, False),
        (2, {"count": 2, "next": "https://x.example.org"}, True),
        (9, {"count": 9, "next": "https://x.example.org"}, True),
        (1, {"count": None, "next": "https://x.example.org"}, False),
        (1, {"count": None, "next": None}, True),
    ],
)
async def test_another_page_follows_if_next_says_so_and_documents_are_left(
    number: int, fields: dict[str, Any], is_last: bool
) -> None:
    assert (await listing(page(listed(1), listed(2), **fields), page=number))[0].is_last is is_last


@pytest.mark.parametrize(("number", "is_last"), [(1, False), (2, False), (3, True), (4, True)])
async def test_without_next_the_count_says_whether_more_follow(number: int, is_last: bool) -> None:
    answer = reply(200, json={"count": 5, "results": [listed(1), listed(2)]})
    assert (await listing(answer, page=number))[0].is_last is is_last


async def test_an_empty_page_is_the_last_whatever_next_says() -> None:
    assert (await listing(page(count=9, next="https://x.example.org"), page=2))[0].is_last


async def test_a_bare_list_is_divided_into_pages() -> None:
    answer = reply(200, json=[listed(number) for number in range(1, 6)])
    pages = [(await listing(answer, page=number))[0] for number in (1, 2, 3, 4)]
    assert [[each.id for each in one.documents] for one in pages] == [[1, 2], [3, 4], [5], []]
    assert [one.is_last for one in pages] == [False, False, True, True]
    assert {one.total for one in pages} == {5}


async def test_a_page_beyond_the_last_is_empty_and_only_the_first_can_be_missing() -> None:
    answer = reply(404, json={"detail": "Invalid page."})
    assert (await listing(answer, page=7))[0] == DocumentPage(documents=[], total=None, is_last=True)
    with pytest.raises(NotFound):
        await listing(answer, page=1)


@pytest.mark.promise("tools:results:one-shape-fenced-bounded", "upstream:answers:codes")
@pytest.mark.parametrize(
    "answer",
    [
        page(listed(1), {"name": "no id"}),
        page(listed(1), "canary"),
        page(listed(1), count=-1),
        page(listed(1), count="many"),
        reply(200, json={"count": 0}),
        reply(200, json={}),
        reply(204),
    ],
)
async def test_a_page_that_lacks_what_is_promised_is_a_broken_contract(answer: httpx.Response) -> None:
    with pytest.raises(UpstreamProtocolError):
        await listing(answer)


async def test_a_list_that_says_it_failed_is_a_fault_of_upstream() -> None:
    with pytest.raises(UpstreamUnavailable):
        await listing(page(message="Unable to complete"))


async def test_contents_are_asked_as_documented() -> None:
    answer = reply(200, json={"content": "a", "end_chunk": 20})
    _, upstream = await reading(answer)
    assert dict(upstream.requests[0].url.params) == {"start_chunk": "0"}
    _, upstream = await reading(answer, start_chunk=20, end_chunk=25)
    assert dict(upstream.requests[0].url.params) == {"start_chunk": "20", "end_chunk": "25"}


@pytest.mark.promise("tools:results:one-shape-fenced-bounded")
@pytest.mark.parametrize(
    ("value", "content", "end_chunk"),
    [
        ({"content": "a b", "end_chunk": 3}, "a b", 3),
        ({"content": "a b", "end_chunk": "3"}, "a b", 3),
        ({"content": "a b"}, "a b", None),
        ({"content": "a b", "end_chunk": None}, "a b", None),
        ({"content": "", "end_chunk": 3}, "", 3),
        ({"content": None, "end_chunk": 3}, "", 3),
        ({"data": {"content": "a b", "end_chunk": 3}, "message": "", "code": None}, "a b", 3),
        ({"content": "a\x00\u202e b\r\n\t\u200d\u0647\u200d"}, "a b\r\n\t\u0647\u200d", None),
    ],
)
async def test_each_shape_of_contents_is_read(value: Any, content: str, end_chunk: int | None) -> None:
    got, _ = await reading(reply(200, json=value))
    assert (got.content, got.end_chunk) == (content, end_chunk)


@pytest.mark.parametrize("value", [{}, {"content": 7}, {"content": ["a"]}, {"end_chunk": 3}, [], "a"])
async def test_contents_without_text_are_a_broken_contract(value: Any) -> None:
    with pytest.raises(UpstreamProtocolError):
        await reading(reply(200, json=value))


async def test_a_document_that_is_not_there_is_not_found() -> None:
    with pytest.raises(NotFound):
        await reading(reply(404, json={"detail": "Not found."}))


async def test_a_text_is_stored_as_documented() -> None:
    _, upstream = await storing(reply(201))
    (request,) = upstream.requests
    assert request.method == "POST"
    assert json.loads(request.content) == {"name": "Tea", "content": "Green."}


@pytest.mark.promise("tools:results:one-shape-fenced-bounded", "tools:weaknesses:absent")
@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (reply(201), None),
        (reply(204), None),
        (reply(200), None),
        (reply(200, content=b"  \n"), None),
        (reply(200, json={"data": [{}], "message": "ok", "code": "ok"}), None),
        (reply(200, json={"data": [{"id": 7}], "message": "ok", "code": "ok"}), 7),
        (reply(201, json={"data": {"pk": "7"}}), 7),
        (reply(201, json={"id": "7"}), 7),
        (reply(201, json={"id": "a-uuid"}), None),
        (reply(201, json=[]), None),
        (reply(201, json=["ok"]), None),
        (reply(200, json="ok"), None),
        (reply(200, json=None), None),
    ],
)
async def test_each_success_of_memorize_is_one_and_no_id_is_invented(
    answer: httpx.Response, expected: int | None
) -> None:
    assert (await storing(answer))[0] == expected


def cut(_: httpx.Request) -> httpx.Response:
    raise httpx.ReadError("cut")


def unreachable(_: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("nobody there")


@pytest.mark.promise("upstream:retries:safe-calls-only")
@pytest.mark.parametrize(
    "answer",
    [reply(500), reply(503), reply(200, json={"message": "Unable to complete"}), reply(200, content=b"<html>"), cut],
)
async def test_a_lost_answer_to_memorize_says_that_it_may_be_stored_and_is_not_repeated(answer: Answer) -> None:
    upstream = knowledge({MEMORIZE: answer})
    async with key_on(upstream) as key:
        with pytest.raises(RememberizerError) as raised:
            await memorize(key, name="Tea", content="Green.")
    assert raised.value.repair == endpoints.MEMORIZE.if_lost
    assert len(upstream.requests) == 1


async def test_a_memory_that_never_left_is_not_said_to_be_stored() -> None:
    with pytest.raises(UpstreamUnreachable) as raised:
        await storing(unreachable)
    assert hint(raised.value) == hint(UpstreamUnreachable)


async def test_a_quota_that_is_used_up_is_told() -> None:
    with pytest.raises(QuotaExceeded):
        await storing(reply(400, json={"detail": "Your embed quota is used up."}))
