"""Completion of the templates: documents by number or name, never a question to sign in."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from mcp import Client
from mcp_types import Completion, PromptReference, ResourceTemplateReference

from tests.support.agent import ADA, ERAS, Era, agent_on, server_on
from tests.support.clock import FakeClock
from tests.support.knowledge import KEY, knowledge, listed, page
from tests.support.upstream import FakeUpstream, reply

DOCUMENT = "rememberizer://documents/{id}"
DISCUSSION = "rememberizer://discussions/{source}/{id}"
each_era = pytest.mark.parametrize("era", ERAS)


def channels_and_notes(request: httpx.Request) -> httpx.Response:
    by_source = {
        "slack": [listed(31, name="Kitchen")],
        "discord": [listed(32, name="Kitchen garden")],
        None: [listed(12, name="Notes on Kitchens"), listed(31, name="Kitchen"), listed(123, name="Ledger")],
    }
    return page(*by_source[request.url.params.get("integration_type")])


@asynccontextmanager
async def reader(upstream: FakeUpstream, era: Era = "2026-07-28") -> AsyncIterator[Client]:
    async with agent_on(server_on(upstream.transport), era) as agent:
        await agent.call("login", **ADA)
        yield agent.client


async def values(client: Client, uri: str, name: str, typed: str, **known: str) -> list[str]:
    return (await completion(client, uri, name, typed, **known)).values


async def completion(client: Client, uri: str, name: str, typed: str, **known: str) -> Completion:
    reference = ResourceTemplateReference(uri=uri)
    found = await client.complete(reference, {"name": name, "value": typed}, context_arguments=known or None)
    return found.completion


@each_era
@pytest.mark.promise("D105")
async def test_a_document_is_found_by_its_number_or_a_part_of_its_name(era: Era) -> None:
    async with reader(knowledge({"documents/": channels_and_notes}), era) as client:
        assert await values(client, DOCUMENT, "id", "") == ["12", "31", "123"]
        assert await values(client, DOCUMENT, "id", "12") == ["12", "123"]
        assert await values(client, DOCUMENT, "id", "KITCHEN") == ["12", "31"]
        assert await values(client, DOCUMENT, "id", "zzz") == []


@pytest.mark.promise("D105")
async def test_a_channel_is_found_within_its_source_or_in_both() -> None:
    async with reader(knowledge({"documents/": channels_and_notes})) as client:
        assert await values(client, DISCUSSION, "source", "") == ["discord", "slack"]
        assert await values(client, DISCUSSION, "source", "Sl") == ["slack"]
        assert await values(client, DISCUSSION, "id", "kitchen", source="discord") == ["32"]
        assert await values(client, DISCUSSION, "id", "kitchen") == ["32", "31"]
        assert await values(client, DISCUSSION, "id", "kitchen", source="mail") == ["32", "31"]


@pytest.mark.promise("D105")
async def test_more_than_a_hundred_values_are_counted_and_not_sent() -> None:
    many = page(*(listed(number) for number in range(1000, 1150)))
    async with reader(knowledge({"documents/": many})) as client:
        found = await completion(client, DOCUMENT, "id", "1")
    assert (len(found.values), found.total, found.has_more) == (100, 150, True)


@each_era
@pytest.mark.promise("D105")
async def test_nobody_is_asked_to_sign_in_for_a_suggestion(era: Era) -> None:
    upstream = knowledge()
    async with Client(server_on(upstream.transport), mode=era) as client:
        assert await values(client, DOCUMENT, "id", "1") == []
    assert not upstream.requests


@pytest.mark.promise("D105")
async def test_an_expired_session_suggests_nothing() -> None:
    clock = FakeClock()
    upstream = knowledge({"documents/": channels_and_notes}, custom_refresh=reply(401))
    async with agent_on(server_on(upstream.transport, clock)) as agent:
        await agent.call("login", **ADA)
        assert (await agent.fails("refresh"))["code"] == "session_expired"
        assert await values(agent.client, DOCUMENT, "id", "1") == []


@pytest.mark.promise("D105", "D94")
async def test_an_api_key_is_enough() -> None:
    upstream = knowledge({"documents/": channels_and_notes})
    async with Client(server_on(upstream.transport, api_token=KEY)) as client:
        assert await values(client, DOCUMENT, "id", "ledger") == ["123"]


@pytest.mark.promise("D105")
async def test_an_upstream_that_fails_suggests_nothing() -> None:
    async with reader(knowledge({"documents/": reply(403, json={"detail": "no"})})) as client:
        assert await values(client, DOCUMENT, "id", "1") == []


@pytest.mark.promise("D105")
async def test_other_arguments_and_prompts_have_no_suggestions() -> None:
    async with reader(knowledge({"documents/": channels_and_notes})) as client:
        assert await values(client, DOCUMENT, "name", "1") == []
        assert await values(client, "rememberizer://session", "id", "1") == []
        prompt = PromptReference(name="ask_my_knowledge")
        found = await client.complete(prompt, {"name": "question", "value": "w"})
    assert found.completion.values == []
