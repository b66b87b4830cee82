"""Rememberizer's knowledge in a test: documents and passages in the shapes of the contract, and an upstream of them."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpx
from mcp_types import TextContent
from pydantic import SecretStr
from rememberizer_mcp.server.api.api_key import ApiKey
from rememberizer_mcp.server.api.client import RememberizerAPI

from tests.support.agent import Agent, Era, agent_on, server_on
from tests.support.clock import FakeClock
from tests.support.upstream import BASE_URL, PREFIX, Answer, FakeUpstream, reply, usual

KEY = "rem_ck_canary-of-a-key"
SETTING = "REMEMBERIZER_API_TOKEN"
LONGEST = 75_000
"""UTF-8 bytes of a result."""


def knowledge(answers: Mapping[str, Answer | list[Answer]] | None = None, **overrides: Any) -> FakeUpstream:
    """The usual upstream, with these answers by path."""
    upstream = usual(**overrides)
    upstream.answers |= answers or {}
    return upstream


@asynccontextmanager
async def key_on(upstream: FakeUpstream) -> AsyncIterator[ApiKey]:
    """Somebody who asks with an API key."""
    clock = FakeClock()
    api = RememberizerAPI(base_url=BASE_URL, transport=upstream.transport, sleep=clock.sleep, now=clock)
    yield ApiKey(api, SecretStr(KEY), setting=SETTING)
    await api.aclose()


def document(number: int, **fields: Any) -> dict[str, Any]:
    """A document as the search describes it now (§4.1)."""
    return {
        "id": number,
        "document_id": f"source-{number}",
        "name": f"Document {number}",
        "type": "text/plain",
        "path": f"/notes/{number}.txt",
        "url": f"https://drive.example.org/{number}",
        "size": 100 + number,
        "created_time": "2024-01-02T03:04:05Z",
        "modified_time": "2024-02-03T04:05:06Z",
        "indexed_on": "2024-02-03T04:06:00Z",
        "integration": {"id": 9, "integration_type": "google_drive"},
    } | fields


def listed(number: int, **fields: Any) -> dict[str, Any]:
    """A document as the list describes it now: ``id`` is a text and ``pk`` the number (§4.3)."""
    described = document(number, pk=number, id=f"{1000 + number}", integration_type="google_drive", status="indexed")
    del described["integration"], described["modified_time"]
    return described | {"source": "Drive", "status_error_message": None} | fields


def match(number: int, text: str = "some words", **fields: Any) -> dict[str, Any]:
    return {"document": document(number), "matched_content": text, "distance": 0.25} | fields


def found(*matches: Any) -> httpx.Response:
    """The current shape of a search's answer."""
    return reply(200, json={"data_sources": [{"name": "Drive", "documents": 2}], "matched_chunks": list(matches)})


def page(*documents: Any, **fields: Any) -> httpx.Response:
    shape = {"count": len(documents), "next": None, "previous": None, "results": list(documents)}
    return reply(200, json=shape | fields)


async def once(era: Era, upstream: FakeUpstream, tool: str, **arguments: Any) -> dict[str, Any]:
    """The content of one call by key; its text is the same as compact JSON."""
    async with agent_on(server_on(upstream.transport, api_token=KEY), era) as agent:
        return await content_of(agent, tool, **arguments)


async def content_of(agent: Agent, tool: str, **arguments: Any) -> dict[str, Any]:
    result = await agent.result(tool, **arguments)
    assert not result.is_error, result.structured_content
    (block,) = result.content
    assert isinstance(block, TextContent)
    assert json.loads(block.text) == result.structured_content
    assert "\n" not in block.text
    return dict(result.structured_content or {})


async def refused(era: Era, upstream: FakeUpstream, tool: str, **arguments: Any) -> dict[str, Any]:
    async with agent_on(server_on(upstream.transport, api_token=KEY), era) as agent:
        return await agent.fails(tool, **arguments)


def params(upstream: FakeUpstream) -> dict[str, str]:
    return dict(upstream.requests[-1].url.params)


def unfenced(content: dict[str, Any], text: str) -> str:
    """What stands between the marks that the result names."""
    opening, closing = f"[{content['fence']}]\n", f"\n[/{content['fence']}]"
    assert text.startswith(opening)
    assert text.endswith(closing)
    return text[len(opening) : -len(closing)]


class Shelf:
    """An upstream that pages through what it holds, newest first, in each way that the contract leaves open.

    Args:
        texts: The documents, the newest first, each as its chunks.
        says_next: Whether pages carry ``next``; else only the count says whether more follow.
        end_chunk: Whether the chunk at ``end_chunk`` belongs to the answer, and what the last answer says.
        grows: Whether a new document arrives after every page.
    """

    def __init__(
        self,
        texts: list[list[str]],
        *,
        says_next: bool = True,
        end_chunk: str = "exclusive",
        grows: bool = False,
    ) -> None:
        self.texts = texts
        self.numbers = list(range(len(texts), 0, -1))
        self._says_next = says_next
        self._end_chunk = end_chunk
        self._grows = grows
        answers: dict[str, Answer | list[Answer]] = {"documents/": self._page}
        self.upstream = FakeUpstream(answers)
        for number in self.numbers:
            answers[f"documents/{number}/contents/"] = self._contents

    def chunks(self, number: int) -> list[str]:
        return self.texts[-number]

    def _page(self, request: httpx.Request) -> httpx.Response:
        number, size = int(request.url.params["page"]), int(request.url.params["page_size"])
        start, end, count = (number - 1) * size, number * size, len(self.numbers)
        if start >= count and number > 1:
            return reply(404, json={"detail": "Invalid page."})
        shown = [listed(each) for each in self.numbers[start:end]]
        if self._grows:
            self.numbers.insert(0, self.numbers[0] + 1)
        fields = {"count": count, "results": shown}
        if self._says_next:
            fields["next"] = "https://elsewhere.example.org/?page=1" if end < count else None
        return reply(200, json=fields)

    def _contents(self, request: httpx.Request) -> httpx.Response:
        chunks = self.chunks(int(request.url.path.removeprefix(PREFIX).split("/")[1]))
        start = int(request.url.params["start_chunk"])
        asked = int(request.url.params.get("end_chunk", start + 20))
        if self._end_chunk == "inclusive":
            last = min(asked, len(chunks) - 1)
            return reply(200, json={"content": "".join(chunks[start : last + 1]), "end_chunk": last})
        end = min(asked, len(chunks))
        shown: dict[str, Any] = {"content": "".join(chunks[start:end]), "end_chunk": end}
        if self._end_chunk == "missing" and end == len(chunks):
            del shown["end_chunk"]
        return reply(200, json=shown)
