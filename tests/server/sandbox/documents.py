"""What the tests of documents share."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
from rememberizer_mcp.server.sandbox.app import Sandbox
from rememberizer_mcp.server.sandbox.config import SandboxConfig, Variants

from tests.server.sandbox.support import API
from tests.support.clock import FakeClock

SEEDED = 329


@asynccontextmanager
async def signed_up(*variants: str, clock: FakeClock, **options: Any) -> AsyncIterator[API]:
    """A sandbox of these variants, with Ada signed up."""
    with Sandbox(SandboxConfig(variants=Variants.parse(variants), now=clock, **options)) as sandbox:
        async with API(sandbox) as api:
            await api.sign_up()
            yield api


async def remember(api: API, name: str, content: str, **headers: str) -> httpx.Response:
    return await api.post("documents/memorize/", json={"name": name, "content": content}, headers=headers)


async def found(api: API, query: str, /, **parameters: Any) -> list[str]:
    """The names of the documents that a search finds."""
    response = await api.get("documents/search/", params={"q": query, **parameters})
    return [chunk["document"]["name"] for chunk in response.json()["matched_chunks"]]


async def listed(api: API, /, **parameters: Any) -> list[dict[str, Any]]:
    """All documents of all pages, by the addresses that the pages give."""
    results: list[dict[str, Any]] = []
    url: str | None = str(httpx.URL("documents/", params=parameters))
    while url is not None:
        page = (await api.get(url)).json()
        results += page["results"]
        url = page["next"]
    return results


async def number_of(api: API, name: str) -> int:
    """The number of the document of this name."""
    (number,) = [int(each["pk"]) for each in await listed(api, page_size=1000) if each["name"] == name]
    return number
