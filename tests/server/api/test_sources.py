"""Whose knowledge it is and where it comes from (§5.1-5.3)."""

from typing import Any

import httpx
import pytest
from rememberizer_mcp.server.api.sources import Integration, Profile, integrations, profile
from rememberizer_mcp.server.errors import UpstreamProtocolError, UpstreamUnavailable

from tests.support.clock import FakeClock
from tests.support.knowledge import key_on, knowledge
from tests.support.sessions import signed_in
from tests.support.upstream import Answer, reply

DRIVE = {
    "id": 3,
    "integration_type": "google_drive",
    "integration_step": "authorized",
    "source": "ada@example.org",
    "document_type": "drive",
    "document_stats": {
        "status": {"indexed": 5, "indexing": 1, "error": 2},
        "total_size": 4_096,
        "document_count": 8,
    },
    "consent_time": "2024-01-02T03:04:05Z",
    "memory_config": None,
    "token_validity": True,
}


async def of_a_key(answer: Answer) -> Profile:
    upstream = knowledge({"account/": answer})
    async with key_on(upstream) as key:
        return await profile(key)


async def connected(answer: Answer) -> list[Integration]:
    upstream = knowledge({"integrations/": answer})
    async with key_on(upstream) as key:
        return await integrations(key)


@pytest.mark.promise("tools:credentials:one-table")
async def test_a_session_asks_me_for_the_quota_and_a_key_asks_account() -> None:
    me = {"email": "ada@example.org", "name": "Ada", "embed_quota": 10, "current_usage": "4", "team": []}
    upstream = knowledge({"me/": reply(200, json=me)})
    async with signed_in(upstream, FakeClock()) as session:
        got = await profile(session.grant)
    assert upstream.paths[-1] == "me/"
    assert got == Profile(email="ada@example.org", name="Ada", embed_quota=10, current_usage=4)
    upstream = knowledge({"account/": reply(200, json={"id": 1, "email": "ada@example.org"})})
    async with key_on(upstream) as key:
        await profile(key)
    assert upstream.paths == ["account/"]


@pytest.mark.promise("tools:results:one-shape-fenced-bounded")
@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"id": "ada", "email": "a@b.c", "name": "Ada"}, Profile(email="a@b.c", name="Ada")),
        ({"id": 1, "email": "a@b.c", "name": ""}, Profile(email="a@b.c")),
        ({"email": None}, Profile()),
        ({"data": {"email": "a@b.c"}, "message": "", "code": None}, Profile(email="a@b.c")),
        ({"datasource_description": "Notes\x1b on tea\n"}, Profile(datasource_description="Notes on tea\n")),
        ({"datasource_description": None, "embed_quota": None}, Profile()),
    ],
)
async def test_each_shape_of_an_account_is_read(value: Any, expected: Profile) -> None:
    assert await of_a_key(reply(200, json=value)) == expected


@pytest.mark.parametrize("answer", [reply(200, json={}), reply(200, json={"id": 1}), reply(204), reply(200, json=[])])
async def test_an_answer_without_an_account_is_a_broken_contract(answer: httpx.Response) -> None:
    with pytest.raises(UpstreamProtocolError):
        await of_a_key(answer)


@pytest.mark.promise("tools:results:one-shape-fenced-bounded")
@pytest.mark.parametrize(
    "value",
    [
        {"data": [DRIVE], "message": "", "code": ""},
        [DRIVE],
        {"results": [DRIVE]},
        {"results": [DRIVE], "data": {}},
        {"integrations": [DRIVE]},
        {"data": {"results": [DRIVE]}},
        [{**DRIVE, "id": "3", "document_stats": {**DRIVE["document_stats"], "document_count": "8"}}],  # type: ignore[dict-item]  # a member of the dict above
    ],
)
async def test_each_shape_of_the_sources_is_read(value: Any) -> None:
    (source,) = await connected(reply(200, json=value))
    assert (source.id, source.integration_type, source.source) == (3, "google_drive", "ada@example.org")
    assert (source.document_count, source.total_size, source.token_validity) == (8, 4096, True)
    assert source.status == {"indexed": 5, "indexing": 1, "error": 2}


@pytest.mark.parametrize(
    "stats", [None, "none", {}, {"status": None}, {"status": [1]}, {"status": {"indexed": None}, "total_size": "big"}]
)
async def test_a_source_without_figures_has_none(stats: Any) -> None:
    (source,) = await connected(reply(200, json=[{"id": 3, "document_stats": stats, "token_validity": "yes"}]))
    assert source == Integration.model_validate({"id": 3})


@pytest.mark.parametrize(
    "value", [{}, {"data": None}, [{}], ["x"], [{"id": 3, "document_stats": {"status": {"indexed": "many"}}}]]
)
async def test_sources_that_lack_what_is_promised_are_a_broken_contract(value: Any) -> None:
    with pytest.raises(UpstreamProtocolError):
        await connected(reply(200, json=value))


async def test_no_sources_are_an_empty_list_unless_upstream_says_that_it_failed() -> None:
    assert await connected(reply(200, json={"data": [], "message": "", "code": ""})) == []
    with pytest.raises(UpstreamUnavailable):
        await connected(reply(200, json={"data": [], "message": "Unable to complete", "code": "x"}))


async def test_the_names_of_statuses_are_cleaned() -> None:
    (source,) = await connected(reply(200, json=[{"id": 3, "document_stats": {"status": {"in\u202edexed\n": 1}}}]))
    assert source.status == {"indexed": 1}
