"""An agent whose person is sent to the sign-in page, and requests to that."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from types import MappingProxyType
from typing import Any

import httpx

from tests.support.agent import Agent, agent_on, server_on
from tests.support.clock import FakeClock
from tests.support.sessions import resync
from tests.support.upstream import FakeUpstream, usual


@asynccontextmanager
async def page(
    upstream: FakeUpstream | None = None, clock: FakeClock | None = None, **settings: Any
) -> AsyncIterator[tuple[Agent, str]]:
    """An agent that was told to send its person to a page, and the page's address."""
    async with agent_on(server_on((upstream or usual()).transport, clock, **settings)) as agent:
        yield agent, (await agent.call("login"))["sign_in_url"]
        await resync()


@asynccontextmanager
async def page_for(
    tool: str, upstream: FakeUpstream | None = None, *, settings: Mapping[str, Any] = MappingProxyType({}), **given: str
) -> AsyncIterator[tuple[Agent, str]]:
    """The same by a call of this tool with these arguments."""
    async with agent_on(server_on((upstream or usual()).transport, **settings)) as agent:
        yield agent, (await agent.call(tool, **given))["sign_in_url"]
        await resync()


def origin(url: str) -> str:
    return url.rpartition("/")[0]


async def post(url: str, headers: Mapping[str, str] | None = None, **options: Any) -> httpx.Response:
    async with httpx.AsyncClient(trust_env=False) as client:
        given = {"Origin": origin(url)} if headers is None else headers
        return await client.post(url, headers=given, **options)


async def state(agent: Agent) -> str:
    return str((await agent.call("session_status"))["state"])
