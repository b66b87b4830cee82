"""Listing, reading and remembering documents."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from rememberizer_mcp.server.sandbox.data import seeding

from tests.server.sandbox.documents import SEEDED, listed, number_of, remember, signed_up
from tests.server.sandbox.support import API
from tests.support.clock import FakeClock

pytestmark = pytest.mark.promise("sandbox:documents:shapes")

DIARY = "On foot from the harbour to the river, 62 days"


def _days(answer: dict[str, Any]) -> int:
    """How many chunks of the diary these are: each is a day."""
    return len(re.findall(r"Day \d+\.", answer["content"]))


@pytest.fixture
async def ada(api: API) -> API:
    await api.sign_up()
    return api


async def test_the_list_is_an_envelope_of_documents(ada: API) -> None:
    response = await ada.get("documents/", params={"page": 2, "page_size": 2})
    assert response.status_code == 200
    page = response.json()
    assert page["count"] == SEEDED
    assert page["next"] == "http://sandbox.test/api/v1/documents/?page_size=2&page=3"
    assert page["previous"] == "http://sandbox.test/api/v1/documents/?page_size=2&page=1"
    assert len(page["results"]) == 2


async def test_a_document_is_listed_with_the_documented_members(ada: API, clock: FakeClock) -> None:
    await remember(ada, "Lunch", "Halloumi")
    clock.advance(2)
    (document,) = [each for each in await listed(ada, integration_type="memory") if each["name"] == "Lunch"]
    assert document == {
        "pk": SEEDED + 1,
        "id": f"memory-{SEEDED + 1}",
        "document_id": f"memory-{SEEDED + 1}",
        "name": "Lunch",
        "type": "text/plain",
        "path": "",
        "url": "",
        "integration_type": "memory",
        "source": "",
        "status": "indexed",
        "status_error_message": None,
        "indexed_on": "2025-06-15T15:06:42Z",
        "size": 8,
        "created_time": "2025-06-15T15:06:40Z",
    }


async def test_a_page_has_ten_documents_and_at_most_a_thousand(ada: API) -> None:
    sizes = {"": 10, "0": 10, "-1": 10, "many": 10, "10000000000": 10, "7": 7, "1000": SEEDED, "9999": SEEDED}
    for asked, size in sizes.items():
        response = await ada.get("documents/", params={"page_size": asked})
        assert len(response.json()["results"]) == size


@pytest.mark.parametrize("page", ["0", "34", "-1", "two", "", "99999999999999999999"])
async def test_a_page_that_is_not_there_is_not_found(ada: API, page: str) -> None:
    response = await ada.get("documents/", params={"page": page})
    assert (response.status_code, response.json()) == (404, {"detail": "Invalid page."})


async def test_the_first_and_last_page_say_that_nothing_is_beyond(ada: API) -> None:
    first = (await ada.get("documents/")).json()
    last = (await ada.get("documents/", params={"page": 33})).json()
    assert (first["previous"], last["next"], len(last["results"])) == (None, None, 9)


async def test_one_source_can_be_listed_alone(ada: API) -> None:
    assert {each["integration_type"] for each in await listed(ada, integration_type="slack")} == {"slack"}
    refused = await ada.get("documents/", params={"integration_type": "fax"})
    assert (refused.status_code, refused.json()) == (400, {"integration_type": ['"fax" is not a valid choice.']})


async def test_what_was_remembered_is_indexed_a_moment_later(ada: API, clock: FakeClock) -> None:
    response = await remember(ada, "Lunch", "Halloumi")
    assert (response.status_code, response.content) == (201, b"")
    number = await number_of(ada, "Lunch")
    for status, content in (("indexing", ""), ("indexed", "Halloumi")):
        (document,) = [each for each in await listed(ada) if each["pk"] == number]
        assert (document["status"], bool(document["indexed_on"])) == (status, status == "indexed")
        contents = (await ada.get(f"documents/{number}/contents/")).json()
        assert contents == {"content": content, "end_chunk": 1 if content else 0}
        clock.advance(2)


@pytest.mark.promise("sandbox:documents:chunks")
@pytest.mark.parametrize(
    "content", ["  two\r\n\nlines \n", "a\u202eb\u200b\x1b\x85\ufeff", "👨‍👩‍👧‍👦" * 300, "x" * 5000]
)
async def test_content_comes_back_character_for_character(ada: API, clock: FakeClock, content: str) -> None:
    await remember(ada, "Odd", content)
    clock.advance(2)
    response = await ada.get(f"documents/{await number_of(ada, 'Odd')}/contents/")
    assert response.json()["content"] == content


async def test_contents_come_in_twenty_chunks_and_go_on_where_they_end(ada: API) -> None:
    url = f"documents/{await number_of(ada, DIARY)}/contents/"
    ends, text = [0], ""
    while len(ends) < 9:
        answer = (await ada.get(url, params={"start_chunk": ends[-1]})).json()
        text += answer["content"]
        ends.append(answer["end_chunk"])
    assert ends == [0, 20, 40, 60, 62, 62, 62, 62, 62]
    (line,) = (Path(seeding.__file__).parent / "seed" / "diary.jsonl").read_text(encoding="utf-8").splitlines()
    assert text == json.loads(line)["text"]


@pytest.mark.parametrize(
    ("asked", "chunks"),
    [
        ({"start_chunk": 3, "end_chunk": 5}, 2),
        ({"start_chunk": 0, "end_chunk": 60}, 20),
        ({"start_chunk": 5, "end_chunk": 5}, 0),
        ({"start_chunk": 5, "end_chunk": 2}, 0),
        ({"start_chunk": 61}, 1),
        ({"start_chunk": 2**31 - 1}, 0),
    ],
)
async def test_a_range_of_chunks_is_what_comes(ada: API, asked: dict[str, int], chunks: int) -> None:
    url = f"documents/{await number_of(ada, DIARY)}/contents/"
    answer = (await ada.get(url, params=asked)).json()
    assert answer["end_chunk"] == asked["start_chunk"] + chunks
    assert _days(answer) == chunks


@pytest.mark.parametrize(
    ("asked", "complaint"),
    [
        ({"start_chunk": "-1"}, {"start_chunk": ["Ensure this value is greater than or equal to 0."]}),
        ({"start_chunk": str(2**31)}, {"start_chunk": ["Ensure this value is less than or equal to 2147483647."]}),
        ({"end_chunk": "x"}, {"end_chunk": ["A valid integer is required."]}),
    ],
)
async def test_an_unusable_range_is_refused(ada: API, asked: dict[str, str], complaint: dict[str, Any]) -> None:
    response = await ada.get("documents/1/contents/", params=asked)
    assert (response.status_code, response.json()) == (400, complaint)


@pytest.mark.parametrize("number", ["0", "999999", "9" * 18, str(2**63), "9" * 4301, "abc", "-1"])
async def test_a_document_that_is_not_there_is_not_found(ada: API, number: str) -> None:
    response = await ada.get(f"documents/{number}/contents/")
    assert (response.status_code, response.json()) == (404, {"detail": "Not found."})


async def test_what_another_account_remembered_is_not_there(api: API, clock: FakeClock) -> None:
    await api.sign_up()
    await remember(api, "Secret", "xylophone")
    clock.advance(2)
    number = await number_of(api, "Secret")
    await api.sign_up(email="grace@example.com")
    assert (await api.get(f"documents/{number}/contents/")).status_code == 404
    assert len(await listed(api)) == SEEDED


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ({}, {"name": ["This field is required."], "content": ["This field is required."]}),
        ({"name": "a", "content": ""}, {"content": ["This field may not be blank."]}),
        (
            {"name": "a" * 256, "content": "b"},
            {"name": ["Ensure this field has no more than 255 characters."]},
        ),
    ],
)
async def test_memorize_says_which_field_is_wrong(ada: API, body: dict[str, str], complaint: dict[str, Any]) -> None:
    response = await ada.post("documents/memorize/", json=body)
    assert (response.status_code, response.json()) == (400, complaint)


async def test_usage_grows_with_what_is_remembered_until_the_quota(clock: FakeClock) -> None:
    async with signed_up(clock=clock, embed_quota=10) as api:
        assert (await remember(api, "Six bytes", "añb→")).status_code == 201
        me = (await api.me()).json()
        assert (me["embed_quota"], me["current_usage"]) == (10, 7)
        assert (await remember(api, "Three", "abc")).status_code == 201
        refused = await remember(api, "One", "a")
        assert (refused.status_code, refused.json()) == (
            402,
            {"detail": "The embedding quota of this account is used up."},
        )


async def test_an_empty_date_stays_empty(ada: API) -> None:
    (document,) = [each for each in await listed(ada) if each["name"] == "Undated: letter found in a book"]
    assert document["created_time"] == ""


@pytest.mark.promise("sandbox:wire:variants")
@pytest.mark.parametrize(("status", "has_body"), [(201, False), (204, False), (200, True)])
async def test_memorize_may_answer_in_three_ways(clock: FakeClock, status: int, has_body: bool) -> None:
    async with signed_up(f"memorize_reply={status}", clock=clock) as api:
        response = await remember(api, "Lunch", "Halloumi")
        assert response.status_code == status
        assert response.content == (b'{"data":[{}],"message":"Memorized.","code":"success"}' if has_body else b"")


@pytest.mark.promise("sandbox:wire:variants")
async def test_a_used_up_quota_may_be_a_bad_request(clock: FakeClock) -> None:
    async with signed_up("quota_status=400", clock=clock, embed_quota=1) as api:
        assert (await remember(api, "Two", "ab")).status_code == 400


@pytest.mark.promise("sandbox:wire:variants")
async def test_a_listed_document_may_have_its_number_as_id(clock: FakeClock) -> None:
    async with signed_up("document_ids=int", clock=clock) as api:
        documents = await listed(api, page_size=1000)
    assert [each["id"] for each in documents] == list(range(1, SEEDED + 1))
    assert "pk" not in documents[0]


@pytest.mark.promise("sandbox:wire:variants")
@pytest.mark.parametrize(
    ("variant", "ends"),
    [("exclusive", [20, 62, 62]), ("inclusive", [19, 61, 61]), ("missing", [20, None, None])],
)
async def test_the_end_of_contents_may_be_told_in_three_ways(
    clock: FakeClock, variant: str, ends: list[int | None]
) -> None:
    async with signed_up(f"end_chunk={variant}", clock=clock) as api:
        url = f"documents/{await number_of(api, DIARY)}/contents/"
        answers = [(await api.get(url, params={"start_chunk": start})).json() for start in (0, 43, 62)]
    assert [answer.get("end_chunk") for answer in answers] == ends


@pytest.mark.promise("sandbox:wire:variants")
async def test_an_inclusive_end_is_inclusive_when_asked_for_too(clock: FakeClock) -> None:
    async with signed_up("end_chunk=inclusive", clock=clock) as api:
        url = f"documents/{await number_of(api, DIARY)}/contents/"
        answer = (await api.get(url, params={"start_chunk": 2, "end_chunk": 3})).json()
    assert (_days(answer), answer["end_chunk"]) == (2, 3)
