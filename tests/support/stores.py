"""Mementos and a vector store in a test, in the shapes of the contract, and an upstream that has them."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpx
from pydantic import SecretStr
from rememberizer_mcp.server.api.api_key import ApiKey
from rememberizer_mcp.server.api.client import RememberizerAPI

from tests.support.agent import ADA, Agent, Around, Era, agent_on, server_on
from tests.support.clock import FakeClock
from tests.support.upstream import BASE_URL, Answer, FakeUpstream, reply, usual

STORE_KEY = "rem_vs_canary-of-a-store"
PUBLIC_KEY = "rem_ck_canary-of-a-public-knowledge"
STORE = "vs_abc123"
DOCUMENTS = f"vector-stores/{STORE}/documents"


def memento(number: int, **fields: Any) -> dict[str, Any]:
    return {"id": number, "name": f"Memento {number}", "document_ids": [1, 2]} | fields


def public(number: int, **fields: Any) -> dict[str, Any]:
    """A public knowledge as documented (§5.5), with its secret."""
    return {
        "id": number,
        "num_of_subscribers": 3,
        "publisher_name": "Grace",
        "published_by_me": False,
        "subscribed_by_me": True,
        "size": 4096,
        "created": "2024-01-02T03:04:05Z",
        "modified": "",
        "priority_score": 0.5,
        "name": f"Knowledge {number}",
        "image_url": "https://images.example.org/1.png",
        "description": "What it is about",
        "api_key": PUBLIC_KEY,
        "is_sharing": True,
        "memento": 12,
        "document_ids": [1, 2, 3],
    } | fields


def store(**fields: Any) -> dict[str, Any]:
    return {
        "id": STORE,
        "name": "Manuals",
        "description": "All manuals",
        "embedding_model": "sentence-transformers/all-mpnet-base-v2",
        "indexing_algorithm": "ivfflat",
        "vector_dimension": 128,
        "search_metric": "cosine_distance",
        "created": "2024-01-02T03:04:05Z",
        "modified": "2024-01-02T03:04:05Z",
    } | fields


def filed(number: int, **fields: Any) -> dict[str, Any]:
    """A document of the store as documented (§6)."""
    return {
        "id": number,
        "name": f"Manual {number}",
        "type": "text/plain",
        "vector_store": STORE,
        "size": 100 + number,
        "status": "indexed",
        "processing_status": "completed",
        "indexed_on": "2024-01-02T03:04:05Z",
        "status_error_message": None,
        "created": "2024-01-02T03:04:05Z",
        "modified": "2024-01-02T03:04:05Z",
    } | fields


def passage(number: int, text: str = "some words", **fields: Any) -> dict[str, Any]:
    return {"document": filed(number), "matched_content": text, "distance": 0.25} | fields


def found(*matches: Any, **fields: Any) -> httpx.Response:
    return reply(200, json={"vector_store": {"id": STORE, "name": "Manuals"}, "matched_chunks": list(matches)} | fields)


def by_method(**answers: httpx.Response) -> Callable[[httpx.Request], httpx.Response]:
    """One path, another answer for each method."""
    return lambda request: httpx.Response(
        answers[request.method].status_code,
        headers=answers[request.method].headers.multi_items(),
        content=answers[request.method].content,
    )


def stocked(answers: Mapping[str, Answer | list[Answer]] | None = None) -> FakeUpstream:
    """An upstream that answers as documented, but for these paths."""
    upstream = usual()
    upstream.answers |= {
        "mementos/": by_method(GET=reply(200, json=[memento(12)]), POST=reply(201, json={"id": 13, "name": "New"})),
        "mementos/12/": by_method(GET=reply(200, json=memento(12)), DELETE=reply(204)),
        "mementos/memento_document/12/": reply(200, json={}),
        "common-knowledge/subscribed-list/": reply(200, json=[public(1)]),
        "vector-stores/me": reply(200, json=store()),
        "vector-stores/": reply(201, json={"id": "vs_new", "name": "New", "description": None}),
        "vector-stores/configs": reply(200, json={"search_metrics": ["cosine"]}),
        DOCUMENTS: reply(200, json=[filed(7), filed(8)]),
        f"{DOCUMENTS}/7": reply(200, json=filed(7)),
        f"{DOCUMENTS}/7/": by_method(PATCH=reply(200, json=filed(7, name="New")), DELETE=reply(204)),
        f"{DOCUMENTS}/create": reply(201, json=filed(9, status="processing", indexed_on=None)),
        f"{DOCUMENTS}/upload": reply(201, json={"documents": [filed(10)], "errors": []}),
        f"{DOCUMENTS}/search": found(passage(7)),
        f"{DOCUMENTS}/agentic_search": found(passage(7), result="In short: words."),
        **(answers or {}),
    }
    return upstream


def deleted(upstream: FakeUpstream) -> list[str]:
    """The paths that were asked to be deleted."""
    return [each.url.path for each in upstream.requests if each.method == "DELETE"]


@asynccontextmanager
async def key_on(upstream: FakeUpstream) -> AsyncIterator[ApiKey]:
    """Somebody who asks with the store's key."""
    clock = FakeClock()
    api = RememberizerAPI(base_url=BASE_URL, transport=upstream.transport, sleep=clock.sleep, now=clock)
    yield ApiKey(api, SecretStr(STORE_KEY), setting="REMEMBERIZER_VECTOR_STORE_TOKEN")
    await api.aclose()


@asynccontextmanager
async def keeper(
    upstream: FakeUpstream,
    era: Era = "2026-07-28",
    *,
    around: Around | None = None,
    settings: Mapping[str, Any] | None = None,
    **client_options: Any,
) -> AsyncIterator[Agent]:
    """An agent with every tool and the store's key, signed in as Ada; what it asked for that is not kept."""
    given = {"toolsets": "all", "vector_store_token": STORE_KEY} | dict(settings or {})
    async with agent_on(server_on(upstream.transport, None, around, **given), era, **client_options) as agent:
        await agent.call("login", **ADA)
        upstream.requests.clear()
        yield agent
