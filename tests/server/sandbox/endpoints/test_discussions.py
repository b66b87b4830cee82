"""The messages of channels, and where documents come from."""

from typing import Any

import pytest

from tests.server.sandbox.documents import SEEDED, listed, number_of, remember, signed_up
from tests.server.sandbox.support import API
from tests.support.clock import FakeClock

pytestmark = pytest.mark.promise("sandbox:documents:shapes")


@pytest.fixture
async def ada(api: API) -> API:
    await api.sign_up()
    return api


async def _read(api: API, name: str = "#general", **parameters: str) -> dict[str, Any]:
    url = f"discussions/{await number_of(api, name)}/contents/"
    response = await api.get(url, params={"integration_type": "slack", **parameters})
    assert response.status_code == 200
    body: dict[str, Any] = response.json()
    return body


async def test_without_times_the_last_seven_days_come(ada: API) -> None:
    body = await _read(ada)
    lines = body["discussion_content"].splitlines()
    assert lines[0] == (
        "Lena [2025-06-08 23:06:40]: Support is alone between twelve and one today, please answer your own telephone."
    )
    assert lines[-1] == "Lena [2025-06-15 12:06:40]: The lost red glove is mine. Thanks, Samir."
    assert len(lines) == 6


async def test_the_answers_of_a_thread_stand_under_their_message(ada: API) -> None:
    body = await _read(ada)
    lines = body["discussion_content"].splitlines()
    assert list(body["thread_contents"]) == lines[:2]
    assert body["thread_contents"][lines[0]].splitlines() == [
        "Tomasz [2025-06-08 23:36:40]: I can take twelve to half past.",
        "Lena [2025-06-08 23:54:40]: You are a treasure.",
    ]


async def test_from_is_the_older_end_and_to_the_newer(ada: API) -> None:
    whole = await _read(ada, **{"from": "2025-05-01T00:00:00Z", "to": "2025-06-15T15:06:40Z"})
    assert whole["discussion_content"].count("\n") == 6
    early = await _read(ada, to="2025-05-18T00:00:00Z")
    assert early["discussion_content"].startswith("Ingrid [2025-05-17 ")
    assert await _read(ada, **{"from": "2025-06-15T15:06:40Z", "to": "2025-05-01T00:00:00Z"}) == {
        "discussion_content": "",
        "thread_contents": {},
    }


@pytest.mark.promise("sandbox:wire:variants")
async def test_from_may_be_the_newer_end(clock: FakeClock) -> None:
    async with signed_up("discussion_range=spec", clock=clock) as api:
        whole = await _read(api, **{"from": "2025-06-15T15:06:40Z", "to": "2025-05-01T00:00:00Z"})
        assert whole["discussion_content"].count("\n") == 6
        assert (await _read(api))["discussion_content"].count("\n") == 5
        early = await _read(api, **{"from": "2025-05-18T00:00:00Z"})
        assert early["discussion_content"].startswith("Ingrid [2025-05-17 ")


@pytest.mark.parametrize(("kind", "status"), [("slack", 200), ("discord", 404), ("", 400), ("gmail", 400)])
async def test_the_kind_of_channel_must_be_named(ada: API, kind: str, status: int) -> None:
    url = f"discussions/{await number_of(ada, '#general')}/contents/"
    response = await ada.get(url, params={"integration_type": kind})
    assert response.status_code == status


async def test_a_discord_channel_is_read_as_such(ada: API) -> None:
    body = await _read(ada, "chess-club", integration_type="discord")
    assert "Problem of the week" in body["discussion_content"]


async def test_a_channel_that_is_not_there_is_not_found(ada: API) -> None:
    for number in (0, 2**63):
        response = await ada.get(f"discussions/{number}/contents/", params={"integration_type": "slack"})
        assert response.status_code == 404


async def test_the_sources_are_listed_with_their_documents(ada: API, clock: FakeClock) -> None:
    await remember(ada, "Lunch", "Halloumi")
    body = (await ada.get("integrations/")).json()
    assert (body["message"], body["code"]) == ("", "success")
    by_type = {each["integration_type"]: each for each in body["data"]}
    assert sum(each["document_stats"]["document_count"] for each in body["data"]) == SEEDED + 1
    memories = len(await listed(ada, integration_type="memory"))
    assert by_type["memory"].pop("document_stats")["status"] == {"indexed": memories - 1, "indexing": 1, "error": 0}
    assert by_type["memory"] == {
        "id": 7,
        "integration_type": "memory",
        "integration_step": "authorized",
        "source": "ada@example.com",
        "document_type": "memory",
        "consent_time": "2023-03-19T00:00:00Z",
        "memory_config": None,
        "token_validity": True,
    }
    clock.advance(2)
    again = (await ada.get("integrations/")).json()["data"]
    assert {each["document_stats"]["status"]["indexing"] for each in again} == {0}
