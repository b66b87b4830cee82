"""Mementos and public knowledge: what is sent, and every shape that an answer may have (§5.4, §5.5, §8)."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest
from rememberizer_mcp.server.api.answers import MOST_ITEMS, MOST_PAGES
from rememberizer_mcp.server.api.client import Asker
from rememberizer_mcp.server.api.mementos import (
    Memento,
    create_memento,
    delete_memento,
    edit_memento,
    get_memento,
    list_mementos,
    list_public_knowledge,
)
from rememberizer_mcp.server.errors import NotFound, RememberizerError, ResponseTooLarge, UpstreamProtocolError

from tests.support.hints import hint
from tests.support.stores import PUBLIC_KEY, by_method, key_on, memento, public, stocked
from tests.support.upstream import Answer, FakeUpstream, reply


async def on(upstream: FakeUpstream, ask: Callable[..., Awaitable[Any]], **options: Any) -> Any:
    async with key_on(upstream) as key:
        asker: Asker = key
        return await ask(asker, **options)


async def listed(answer: Answer | list[Answer]) -> list[Memento]:
    found: list[Memento] = await on(stocked({"mementos/": answer}), list_mementos)
    return found


PLAIN = [memento(12), memento(13, document_ids=[])]


@pytest.mark.promise("tools:shapes:every-documented")
@pytest.mark.parametrize(
    "body",
    [
        PLAIN,
        {"count": 2, "next": None, "previous": None, "results": PLAIN},
        {"data": PLAIN, "message": "ok", "code": None},
        {"data": {"results": PLAIN}},
        {"mementos": PLAIN},
        [memento(12, id="12"), memento(13, document_ids=[], id="13")],
        [{"pk": 12, "name": "Memento 12", "documents": [{"pk": 1, "id": "x"}, {"id": "2"}]}, PLAIN[1]],
    ],
)
async def test_mementos_are_read_from_every_shape_of_a_list(body: Any) -> None:
    assert await listed(reply(200, json=body)) == [
        Memento(id="12", name="Memento 12", document_ids=[1, 2]),
        Memento(id="13", name="Memento 13", document_ids=[]),
    ]


@pytest.mark.promise("tools:shapes:every-documented")
@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"document_ids": None}, Memento(id="12", name="Memento 12")),
        ({"document_ids": 5}, Memento(id="12", name="Memento 12")),
        (
            {"created": "", "modified": "2024"},
            Memento(id="12", name="Memento 12", document_ids=[1, 2], modified="2024"),
        ),
        ({"name": None}, Memento(id="12", name="", document_ids=[1, 2])),
        ({"name": "a\u202e\nb"}, Memento(id="12", name="a b", document_ids=[1, 2])),
        ({"id": "9f-uuid"}, Memento(id="9f-uuid", name="Memento 12", document_ids=[1, 2])),
    ],
)
async def test_what_only_describes_a_memento_may_be_missing(fields: Any, expected: Memento) -> None:
    assert await listed(reply(200, json=[memento(12, **fields)])) == [expected]


@pytest.mark.promise("tools:shapes:every-documented")
@pytest.mark.parametrize(
    "body",
    [
        {},
        {"results": 5},
        "text",
        [memento(12), {"name": "no id"}],
        [memento(12, id=True)],
        [memento(12, id=None)],
        [memento(12, id=1.5)],
        [memento(12, id="../me")],
        [memento(12, document_ids=[1, "x"])],
        ["12"],
    ],
)
async def test_a_list_that_lacks_what_is_promised_is_no_shorter_list(body: Any) -> None:
    with pytest.raises(UpstreamProtocolError):
        await listed(reply(200, json=body))


def page_of(request: httpx.Request, *, last: int) -> httpx.Response:
    number = int(request.url.params.get("page", "1"))
    more = "https://elsewhere.example.org/?page=9" if number < last else None
    return reply(200, json={"next": more, "results": [memento(number)]})


@pytest.mark.promise("tools:shapes:every-documented")
async def test_further_pages_are_asked_for_by_number_and_not_by_upstreams_link() -> None:
    upstream = stocked({"mementos/": lambda request: page_of(request, last=3)})
    assert [each.id for each in await on(upstream, list_mementos)] == ["1", "2", "3"]
    assert [str(each.url.query, "ascii") for each in upstream.requests] == ["", "page=2", "page=3"]
    assert {each.url.host for each in upstream.requests} == {"127.0.0.1"}


@pytest.mark.promise("tools:shapes:every-documented")
async def test_an_upstream_that_ignores_the_page_gives_each_memento_once() -> None:
    upstream = stocked({"mementos/": reply(200, json={"next": "/?page=2", "results": [memento(12)]})})
    assert [each.id for each in await on(upstream, list_mementos)] == ["12"]


@pytest.mark.promise("tools:shapes:every-documented")
@pytest.mark.parametrize("full", [0, 1])
async def test_an_empty_page_is_the_last_whatever_it_says(full: int) -> None:
    pages: list[Answer] = [reply(200, json={"next": "more", "results": [memento(12)] * n}) for n in (1, 0)]
    upstream = stocked({"mementos/": pages[-1 - full :]})
    assert len(await on(upstream, list_mementos)) == full
    assert len(upstream.requests) == full + 1


@pytest.mark.promise("tools:shapes:every-documented")
async def test_a_list_without_an_end_is_refused_after_a_bounded_number_of_pages() -> None:
    upstream = stocked({"mementos/": lambda request: page_of(request, last=10**9)})
    with pytest.raises(ResponseTooLarge, match="100 pages"):
        await on(upstream, list_mementos)
    assert len(upstream.requests) == MOST_PAGES


async def test_a_list_of_too_many_items_is_refused_before_they_are_read() -> None:
    many = [{"id": number, "name": "a"} for number in range(MOST_ITEMS // 2 + 1)]
    pages: list[Answer] = [reply(200, json={"results": each, "next": "more"}) for each in (many, many[::-1])]
    upstream = stocked({"mementos/": pages})
    with pytest.raises(ResponseTooLarge, match="20,000 items"):
        await on(upstream, list_mementos)
    assert len(upstream.requests) == 2


@pytest.mark.promise("tools:shapes:every-documented")
@pytest.mark.parametrize(
    "answer",
    [
        reply(201, json={"id": 13, "name": "New"}),
        reply(200, json={"id": "13"}),
        reply(200, json={"data": {"pk": 13, "name": "New"}, "message": "", "code": ""}),
    ],
)
async def test_a_new_memento_is_read_whatever_success_says(answer: httpx.Response) -> None:
    upstream = stocked({"mementos/": answer})
    assert await on(upstream, create_memento, name="New") == Memento(id="13", name="New")
    (request,) = upstream.requests
    assert (request.method, json.loads(request.content)) == ("POST", {"name": "New"})


@pytest.mark.promise("tools:shapes:every-documented")
async def test_a_new_memento_without_an_id_is_looked_for_before_another_is_made() -> None:
    with pytest.raises(UpstreamProtocolError) as caught:
        await on(stocked({"mementos/": reply(204)}), create_memento, name="New")
    assert "call `list_mementos` before another `create_memento`" in hint(caught.value)


@pytest.mark.promise("tools:shapes:every-documented")
async def test_one_memento_is_asked_for_by_its_id() -> None:
    upstream = stocked()
    assert await on(upstream, get_memento, memento_id="12") == Memento.model_validate(memento(12))
    assert upstream.paths == ["mementos/12/"]
    with pytest.raises(NotFound):
        await on(stocked({"mementos/12/": reply(404)}), get_memento, memento_id="12")


@pytest.mark.promise("tools:shapes:every-documented")
@pytest.mark.parametrize("answer", [reply(200, json={"ok": 1}), reply(201, json=[]), reply(204)])
async def test_an_edit_sends_the_documented_body_and_takes_every_success(answer: httpx.Response) -> None:
    upstream = stocked({"mementos/memento_document/12/": answer})
    await on(upstream, edit_memento, memento_id="12", add=[1, 2], add_folders=["f"], remove=[3])
    (request,) = upstream.requests
    assert request.method == "POST"
    assert json.loads(request.content) == {"memento": "12", "add": ["1", "2"], "folder_add": ["f"], "remove": ["3"]}


@pytest.mark.promise("tools:shapes:every-documented")
@pytest.mark.parametrize("status", [200, 202, 204])
async def test_a_deletion_is_done_with_any_success(status: int) -> None:
    upstream = stocked({"mementos/12/": by_method(DELETE=reply(status))})
    await on(upstream, delete_memento, memento_id="12")
    assert [each.method for each in upstream.requests] == ["DELETE"]


@pytest.mark.promise("tools:shapes:no-public-key")
async def test_a_public_knowledge_has_no_place_for_its_key() -> None:
    (found,) = await on(stocked(), list_public_knowledge)
    assert PUBLIC_KEY not in repr(found) + found.model_dump_json()
    assert found.model_dump() == {
        "id": 1,
        "name": "Knowledge 1",
        "description": "What it is about",
        "publisher": "Grace",
        "memento": "12",
        "documents": 3,
        "subscribers": 3,
        "size": 4096,
        "published_by_me": False,
        "subscribed_by_me": True,
        "is_sharing": True,
        "created": "2024-01-02T03:04:05Z",
        "modified": None,
    }


@pytest.mark.promise("tools:shapes:no-public-key")
async def test_an_answer_that_is_refused_does_not_tell_the_key() -> None:
    answers: dict[str, Answer | list[Answer]] = {
        "common-knowledge/subscribed-list/": reply(200, json=[public(1, id=PUBLIC_KEY)])
    }
    with pytest.raises(RememberizerError) as caught:
        await on(stocked(answers), list_public_knowledge)
    assert PUBLIC_KEY not in f"{caught.value!r} {caught.value} {caught.value.__cause__}"


@pytest.mark.promise("tools:shapes:every-documented")
async def test_a_public_knowledge_may_lack_everything_but_its_id() -> None:
    answers: dict[str, Answer | list[Answer]] = {
        "common-knowledge/subscribed-list/": reply(200, json=[{"id": "4", "size": "12", "document_ids": 7}])
    }
    (found,) = await on(stocked(answers), list_public_knowledge)
    assert (found.id, found.name, found.size, found.documents, found.memento) == (4, "", 12, 7, None)
