"""The list of documents by folder and dates, page by page, in both protocol eras."""

import json
from typing import Any

import httpx
import pytest

from tests.support.agent import ERAS, Era, agent_on, server_on
from tests.support.knowledge import KEY, LONGEST, knowledge, listed, once, page, refused, unfenced
from tests.support.upstream import FakeUpstream, reply

pytestmark = pytest.mark.parametrize("era", ERAS)
FOLDERS = ["/Recipes/Tea", "Recipes", "/Notes/Recipes", None]
DATES = ["2024-01-01T23:59:59Z", "2024-01-02", "2024-01-02T23:00:00-02:00", "2024-01-03T00:00:00Z", "", "soon"]


def shelf(documents: list[dict[str, Any]]) -> FakeUpstream:
    """An upstream that pages through these."""

    def answer(request: httpx.Request) -> httpx.Response:
        number, size = int(request.url.params["page"]), int(request.url.params["page_size"])
        start, end = (number - 1) * size, number * size
        follows = "https://elsewhere.example.org/" if end < len(documents) else None
        return page(*documents[start:end], count=len(documents), next=follows)

    return knowledge({"documents/": answer})


def ids(content: dict[str, Any]) -> list[int]:
    return [each["id"] for each in content["documents"]]


@pytest.mark.promise("tools:results:one-shape-fenced-bounded")
@pytest.mark.parametrize("folder", ["recipes", "/Recipes/", "Recipes/Tea"])
async def test_a_folder_is_how_a_path_begins_in_any_letter_case(era: Era, folder: str) -> None:
    documents = [listed(number, path=path and f"{path}/x") for number, path in enumerate(FOLDERS)]
    content = await once(era, shelf(documents), "list_documents", folder=folder)
    assert ids(content) == ([0] if "Tea" in folder else [0, 1])
    assert ("total" in content, content["looked_at"], content["next_page"], content["cut"]) == (False, 4, None, None)


@pytest.mark.promise("tools:results:one-shape-fenced-bounded")
@pytest.mark.parametrize(
    ("times", "wanted"),
    [
        ({"after": "2024-01-02"}, [1, 2, 3]),
        ({"before": "2024-01-03"}, [0, 1]),
        ({"after": "2024-01-02", "before": "2024-01-03"}, [1]),
        ({"after": "2024-01-02T00:00:01Z", "before": "2024-01-03T00:00:00.1Z", "folder": "/notes"}, [3]),
    ],
)
async def test_a_time_has_its_start_and_not_its_end_and_no_document_without_a_date(
    era: Era, times: dict[str, str], wanted: list[int]
) -> None:
    documents = [listed(number, created_time=text) for number, text in enumerate(DATES)]
    assert ids(await once(era, shelf(documents), "list_documents", **times)) == wanted


@pytest.mark.promise("tools:results:one-shape-fenced-bounded")
async def test_a_call_looks_at_ten_pages_and_says_where_to_go_on(era: Era) -> None:
    documents = [listed(number, path=f"/{number % 2}") for number in range(25)]
    upstream = shelf(documents)
    async with agent_on(server_on(upstream.transport, api_token=KEY), era) as agent:
        first = await agent.call("list_documents", folder="1", page_size=2)
        assert [request.url.params["page"] for request in upstream.requests] == [str(at) for at in range(1, 11)]
        rest = await agent.call("list_documents", folder="1", page_size=2, page=first["next_page"])
    assert (first["page"], first["looked_at"], first["next_page"]) == (1, 20, 11)
    assert first["cut"] == "Only 20 documents were looked at: go on with `page` = `next_page` for the rest."
    assert ids(first) + ids(rest) == list(range(1, 25, 2))
    assert (rest["page"], rest["looked_at"], rest["next_page"], rest["cut"]) == (11, 5, None, None)


@pytest.mark.promise("tools:results:one-shape-fenced-bounded")
@pytest.mark.parametrize(
    ("characters", "first"), [(100, 0), (480, 0), (480, 20)], ids=["pages", "parts of pages", "parts of later pages"]
)
async def test_what_has_no_room_is_on_the_next_page_and_nothing_is_lost(era: Era, characters: int, first: int) -> None:
    long = dict.fromkeys(["name", "type", "source", "status_error_message", "status", "indexed_on"], "文" * characters)
    documents = [
        listed(number, path="/a", url="https://a.example.org/" + "x" * 1_500, **(long if number >= first else {}))
        for number in range(60)
    ]
    found: list[int] = []
    go_on: dict[str, Any] = {"page": 1, "page_size": 20}
    async with agent_on(server_on(shelf(documents).transport, api_token=KEY), era) as agent:
        while go_on["page"]:
            result = await agent.call("list_documents", folder="a", **go_on)
            assert len(json.dumps(result, ensure_ascii=False, separators=(",", ":")).encode()) <= LONGEST
            problem = result["documents"][-1]["problem"]
            assert problem is None or unfenced(result, problem) == "文" * characters
            found += ids(result)
            go_on = {"page": result["next_page"], "page_size": result["page_size"]}
    assert found == list(range(60))


@pytest.mark.promise("tools:results:one-shape-fenced-bounded")
async def test_without_a_filter_one_page_is_asked_for(era: Era) -> None:
    upstream = shelf([listed(number) for number in range(5)])
    content = await once(era, upstream, "list_documents", page_size=2)
    assert (len(upstream.requests), content["looked_at"], content["total"], content["next_page"]) == (1, 2, 5, 2)


async def test_a_time_that_ends_before_it_begins_is_refused(era: Era) -> None:
    upstream = knowledge({"documents/": reply(500)})
    error = await refused(era, upstream, "list_documents", after="2024-01-02", before="2024-01-02")
    assert (error["code"], upstream.requests) == ("invalid_arguments", [])
