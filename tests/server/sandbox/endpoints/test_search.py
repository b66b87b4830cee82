"""Both searches of documents."""

from typing import Any

import pytest
from rememberizer_mcp.server.sandbox.app import Sandbox

from tests.docs.regions import ROOT
from tests.server.sandbox.documents import found, remember, signed_up
from tests.server.sandbox.support import API
from tests.support.clock import FakeClock

FORMAT = "YYYY-MM-DDThh:mm[:ss[.uuuuuu]][+HH:MM|-HH:MM|Z]"

pytestmark = pytest.mark.promise("sandbox:documents:shapes")


@pytest.fixture
async def ada(api: API, clock: FakeClock) -> API:
    await api.sign_up()
    await remember(api, "Lunch", "Zuleika's halloumi with xylophone music")
    clock.advance(2)
    return api


async def test_the_readmes_first_question_finds_its_document_as_it_stands(ada: API) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    question = readme.partition("## What to ask")[2].split('"')[1]
    response = await ada.get("documents/search/", params={"q": question})
    assert response.json()["matched_chunks"][0]["document"]["name"] == "Grandma Edith's apple cake"


async def test_a_search_answers_the_documented_members(ada: API) -> None:
    response = await ada.get("documents/search/", params={"q": "halloumi"})
    assert response.status_code == 200
    body = response.json()
    distance = body["matched_chunks"][0].pop("distance")
    assert 0 < distance < 1
    number = body["matched_chunks"][0]["document"]["id"]
    assert body == {
        "data_sources": [{"name": "Memory", "documents": 1}],
        "matched_chunks": [
            {
                "chunk_id": body["matched_chunks"][0]["chunk_id"],
                "document": {
                    "id": number,
                    "document_id": f"memory-{number}",
                    "name": "Lunch",
                    "type": "text/plain",
                    "path": "",
                    "url": "",
                    "size": 39,
                    "created_time": "2025-06-15T15:06:40Z",
                    "modified_time": "2025-06-15T15:06:40Z",
                    "indexed_on": "2025-06-15T15:06:42Z",
                    "integration": {"id": 7, "integration_type": "memory"},
                },
                "matched_content": "Zuleika's halloumi with xylophone music",
            }
        ],
    }


async def test_without_n_three_passages_come_the_nearest_first(ada: API) -> None:
    body = (await ada.get("documents/search/", params={"q": "bread soup apples"})).json()
    distances = [chunk["distance"] for chunk in body["matched_chunks"]]
    assert len(distances) == 3
    assert distances == sorted(distances)
    assert sum(source["documents"] for source in body["data_sources"]) == 3


async def test_n_is_how_many_come(ada: API) -> None:
    assert len(await found(ada, "the bread of the house", n=7)) == 7


async def test_two_chunks_around_a_hit_come_with_it(ada: API) -> None:
    async def days(**parameters: Any) -> list[str]:
        query = {"q": "accordions landing stage", "n": 1, **parameters}
        (chunk,) = (await ada.get("documents/search/", params=query)).json()["matched_chunks"]
        return [line.partition(".")[0] for line in chunk["matched_content"].split("\n\n") if line]

    assert await days() == ["Day 25", "Day 26", "Day 27", "Day 28", "Day 29"]
    assert await days(prev_chunks=1, next_chunks=0) == ["Day 26", "Day 27"]
    assert await days(return_full_content="false") == ["Day 27"]


async def test_a_window_of_dates_narrows_the_search(ada: API) -> None:
    assert await found(ada, "halloumi", **{"from": "2025-06-15T15:00:00Z"}) == ["Lunch"]
    assert await found(ada, "halloumi", **{"from": "2025-06-15T17:06:40+02:00", "to": "2025-06-15T15:06:40"}) == [
        "Lunch"
    ]
    assert await found(ada, "halloumi", to="2025-06-15") == []
    assert await found(ada, "halloumi", **{"from": "", "to": ""}) == ["Lunch"]


@pytest.mark.parametrize(
    ("parameters", "complaint"),
    [
        ({}, {"q": ["This field is required."]}),
        ({"q": " "}, {"q": ["This field may not be blank."]}),
        ({"q": "w " * 401}, {"q": ["Ensure this field has no more than 400 words."]}),
        ({"q": "w", "n": "0"}, {"n": ["Ensure this value is greater than or equal to 1."]}),
        ({"q": "w", "n": "101"}, {"n": ["Ensure this value is less than or equal to 100."]}),
        ({"q": "w", "prev_chunks": "1.5"}, {"prev_chunks": ["A valid integer is required."]}),
        ({"q": "w", "return_full_content": "maybe"}, {"return_full_content": ["Must be a valid boolean."]}),
        (
            {"q": "w", "from": "yesterday"},
            {"from": [f"Datetime has wrong format. Use one of these formats instead: {FORMAT}."]},
        ),
    ],
)
async def test_an_unusable_question_is_refused(ada: API, parameters: dict[str, str], complaint: dict[str, Any]) -> None:
    response = await ada.get("documents/search/", params=parameters)
    assert (response.status_code, response.json()) == (400, complaint)


async def test_four_hundred_words_are_not_too_many(ada: API) -> None:
    assert await found(ada, "qwrtzp " * 399 + "halloumi") == ["Lunch"]


@pytest.mark.promise("sandbox:documents:readers")
async def test_an_account_never_finds_what_is_anothers(ada: API, sandbox: Sandbox) -> None:
    async with API(sandbox) as grace:
        await grace.sign_up(email="grace@example.com")
        assert await found(grace, "halloumi xylophone") == []
    assert await found(ada, "halloumi xylophone") == ["Lunch"]


async def test_an_agentic_search_answers_with_an_extract_and_its_rounds(ada: API) -> None:
    body = (await ada.post("documents/agentic_search/", json={"query": "halloumi", "n_chunks": 2})).json()
    assert body["matched_chunks"][0]["document"]["name"] == "Lunch"
    assert (body["message"], body["data_sources"][0]) == ("", {"name": "Memory", "documents": 1})
    assert body["result"].startswith("Lunch: Zuleika's halloumi with xylophone music")
    first, second = body["metadata"]["iterations"]
    assert first == {"iteration": 1, "query": "halloumi", "found": 1}
    assert second["query"].startswith("halloumi ")
    assert "xylophone" in second["query"]
    assert len(body["matched_chunks"]) == 2


async def test_the_context_of_the_person_makes_a_round_of_its_own(ada: API) -> None:
    question = {"query": "halloumi", "user_context": "a cheese for Tomasz", "from": None, "to": None}
    body = (await ada.post("documents/agentic_search/", json=question)).json()
    queries = [each["query"] for each in body["metadata"]["iterations"]]
    assert queries[:2] == ["halloumi", "halloumi a cheese for Tomasz"]
    assert len(queries) == 3
    assert len(body["matched_chunks"]) == 5


async def test_an_agentic_search_that_finds_nothing_says_so(ada: API) -> None:
    body = (await ada.post("documents/agentic_search/", json={"query": "qwrtzp", "user_context": None})).json()
    assert body == {
        "data_sources": [],
        "matched_chunks": [],
        "message": "No document holds any of these words.",
        "result": "",
        "metadata": {"iterations": [{"iteration": 1, "query": "qwrtzp", "found": 0}]},
    }


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "query"),
        ({"query": None}, "query"),
        ({"query": "a", "n_chunks": True}, "n_chunks"),
        ({"query": "a", "user_context": ["b"]}, "user_context"),
        ({"query": "a", "from": 5}, "from"),
    ],
)
async def test_an_unusable_agentic_question_is_refused(ada: API, body: dict[str, Any], field: str) -> None:
    response = await ada.post("documents/agentic_search/", json=body)
    assert (response.status_code, list(response.json())) == (400, [field])


@pytest.mark.promise("sandbox:wire:variants")
async def test_a_search_may_answer_in_the_older_shape(clock: FakeClock) -> None:
    async with signed_up("search_shape=data", clock=clock) as api:
        body = (await api.get("documents/search/", params={"q": "Zeppelin accordion tuba", "n": 1})).json()
        assert {name: body[name] for name in ("message", "code")} == {"message": "", "code": None}
        (match,) = body["data"]
        assert match["document"]["size"].isdecimal()
        agentic = await api.post("documents/agentic_search/", json={"query": "tuba"})
        assert agentic.json()["data"]


@pytest.mark.promise("sandbox:wire:variants")
async def test_a_document_that_was_found_may_have_empty_dates(clock: FakeClock) -> None:
    async with signed_up("search_dates=empty", clock=clock) as api:
        body = (await api.get("documents/search/", params={"q": "bread"})).json()
    documents = [match["document"] for match in body["matched_chunks"]]
    assert {(each["created_time"], each["modified_time"]) for each in documents} == {("", "")}
    assert all(each["indexed_on"] for each in documents)
