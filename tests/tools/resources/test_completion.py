"""Completion of the templates: documents by number or name, never a question to sign in."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from mcp import Client
from mcp_types import Completion, PromptReference, ResourceTemplateReference

from tests.support.agent import ADA, ERAS, Era, agent_on, server_on
from tests.support.clock import FakeClock
from tests.support.knowledge import KEY, document, found, knowledge, listed, match, page
from tests.support.upstream import Answer, FakeUpstream, reply

DOCUMENT = "rememberizer://documents/{id}"
DISCUSSION = "rememberizer://discussions/{source}/{id}"
each_era = pytest.mark.parametrize("era", ERAS)


NAMES = {12: "Notes on Kitchens", 31: "Kitchen", 32: "Kitchen garden", 123: "Ledger"}
SOURCES = {31: "slack", 32: "discord"}


def pages(request: httpx.Request) -> httpx.Response:
    source = request.url.params.get("integration_type")
    return page(*(listed(number, name=NAMES[number]) for number in NAMES if source in (None, SOURCES.get(number))))


def matches(request: httpx.Request) -> httpx.Response:
    """The documents whose names hold the query; the first of them twice, since two passages match."""
    wanted = [number for number in NAMES if request.url.params["q"].casefold() in NAMES[number].casefold()]
    return found(*(match(number, document=described(number)) for number in [*wanted[:1], *wanted]))


def described(number: int) -> dict[str, Any]:
    integration = {"id": 1, "integration_type": SOURCES.get(number, "google_drive")}
    return document(number, name=NAMES[number], integration=integration)


def stocked(**overrides: Answer) -> FakeUpstream:
    return knowledge({"documents/": pages, "documents/search/": matches}, **overrides)


@asynccontextmanager
async def reader(upstream: FakeUpstream, era: Era = "2026-07-28") -> AsyncIterator[Client]:
    async with agent_on(server_on(upstream.transport), era) as agent:
        await agent.call("login", **ADA)
        yield agent.client


async def values(client: Client, uri: str, name: str, typed: str, **known: str) -> list[str]:
    return (await completion(client, uri, name, typed, **known)).values


async def completion(client: Client, uri: str, name: str, typed: str, **known: str) -> Completion:
    reference = ResourceTemplateReference(uri=uri)
    given = await client.complete(reference, {"name": name, "value": typed}, context_arguments=known or None)
    return given.completion


@each_era
@pytest.mark.promise("tools:resources:completion")
async def test_a_document_is_found_by_its_number_or_a_part_of_its_name(era: Era) -> None:
    async with reader(stocked(), era) as client:
        assert await values(client, DOCUMENT, "id", "") == ["12", "31", "32", "123"]
        assert await values(client, DOCUMENT, "id", "12") == ["12", "123"]
        assert await values(client, DOCUMENT, "id", "KITCHEN") == ["12", "31", "32"]
        assert await values(client, DOCUMENT, "id", "zzz") == []


@pytest.mark.promise("tools:resources:completion")
async def test_a_channel_is_found_within_its_source_or_in_both() -> None:
    async with reader(stocked()) as client:
        assert await values(client, DISCUSSION, "source", "") == ["discord", "slack"]
        assert await values(client, DISCUSSION, "source", "Sl") == ["slack"]
        assert await values(client, DISCUSSION, "id", "kitchen", source="discord") == ["32"]
        assert await values(client, DISCUSSION, "id", "kitchen") == ["31", "32"]
        assert await values(client, DISCUSSION, "id", "kitchen", source="mail") == ["31", "32"]
        assert await values(client, DISCUSSION, "id", "3", source="slack") == ["31"]


@pytest.mark.promise("tools:resources:completion")
async def test_more_than_a_hundred_values_are_counted_and_not_sent() -> None:
    many = page(*(listed(number) for number in range(1000, 1150)))
    async with reader(knowledge({"documents/": many})) as client:
        given = await completion(client, DOCUMENT, "id", "1")
    assert (len(given.values), given.total, given.has_more) == (100, 150, True)


@pytest.mark.promise("tools:resources:completion")
async def test_where_not_every_document_was_looked_at_there_may_be_more() -> None:
    first = page(listed(12), count=500, next="https://elsewhere.example.org/")
    async with reader(knowledge({"documents/": first})) as client:
        given = await completion(client, DOCUMENT, "id", "4")
    assert (given.values, given.total, given.has_more) == ([], None, True)


@each_era
@pytest.mark.promise("tools:resources:completion")
async def test_nobody_is_asked_to_sign_in_for_a_suggestion(era: Era) -> None:
    upstream = knowledge()
    async with Client(server_on(upstream.transport), mode=era) as client:
        assert await values(client, DOCUMENT, "id", "1") == []
    assert not upstream.requests


@pytest.mark.promise("tools:resources:completion")
async def test_an_expired_session_suggests_nothing() -> None:
    clock = FakeClock()
    upstream = stocked(custom_refresh=reply(401))
    async with agent_on(server_on(upstream.transport, clock)) as agent:
        await agent.call("login", **ADA)
        assert (await agent.fails("refresh"))["code"] == "session_expired"
        assert await values(agent.client, DOCUMENT, "id", "1") == []


@pytest.mark.promise("tools:resources:completion", "tools:credentials:one-table")
async def test_an_api_key_is_enough() -> None:
    upstream = stocked()
    async with Client(server_on(upstream.transport, api_token=KEY)) as client:
        assert await values(client, DOCUMENT, "id", "ledger") == ["123"]


@each_era
@pytest.mark.promise("tools:resources:completion", "tools:credentials:one-table")
async def test_a_page_that_is_open_does_not_take_the_api_key_s_place(era: Era) -> None:
    async with agent_on(server_on(stocked().transport, api_token=KEY), era) as agent:
        assert (await agent.call("login"))["state"] == "pending"
        assert await values(agent.client, DOCUMENT, "id", "ledger") == ["123"]


@pytest.mark.promise("tools:resources:completion")
async def test_an_upstream_that_fails_suggests_nothing() -> None:
    async with reader(knowledge({"documents/": reply(403, json={"detail": "no"})})) as client:
        assert await values(client, DOCUMENT, "id", "1") == []


@pytest.mark.promise("tools:resources:completion")
async def test_other_arguments_and_prompts_have_no_suggestions() -> None:
    async with reader(stocked()) as client:
        assert await values(client, DOCUMENT, "name", "1") == []
        assert await values(client, DOCUMENT, "source", "s") == []
        assert await values(client, "rememberizer://session", "id", "1") == []
        prompt = PromptReference(name="ask_my_knowledge")
        given = await client.complete(prompt, {"name": "question", "value": "w"})
    assert given.completion.values == []
