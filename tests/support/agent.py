"""An agent in a test: the SDK's client on a server, whose every result is held against the tool's output schema."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, Literal

import anyio
import jsonschema
from mcp import Client, StdioServerParameters
from mcp.server.mcpserver import MCPServer
from mcp_types import CallToolResult
from rememberizer_mcp.server.api.client import Transport
from rememberizer_mcp.server.app import build_server
from rememberizer_mcp.server.settings import Settings
from rememberizer_mcp.server.store import SWEEP_SECONDS

from tests.support.clock import FakeClock
from tests.support.upstream import BASE_URL

Era = Literal["2026-07-28", "legacy"]
ERAS: tuple[Era, ...] = ("2026-07-28", "legacy")
ADA = {"email": "ada@example.org", "password": "canary-password-ada"}
GRACE = {"email": "grace@example.org", "password": "canary-password-grace"}


class Agent:
    """Calls tools and returns their structured content."""

    def __init__(self, client: Client, schemas: Mapping[str, Any]) -> None:
        self.client = client
        self._schemas = schemas

    async def result(self, tool: str, **arguments: Any) -> CallToolResult:
        result = await self.client.call_tool(tool, arguments)
        jsonschema.validate(result.structured_content, self._schemas[tool])
        return result

    async def call(self, tool: str, **arguments: Any) -> dict[str, Any]:
        """A call that has to succeed."""
        result = await self.result(tool, **arguments)
        assert not result.is_error, result.structured_content
        return dict(result.structured_content or {})

    async def fails(self, tool: str, **arguments: Any) -> dict[str, Any]:
        """A call that has to fail; its error body."""
        result = await self.result(tool, **arguments)
        assert result.is_error, result.structured_content
        error: dict[str, Any] = (result.structured_content or {})["error"]
        return error


@asynccontextmanager
async def agent_on(server: MCPServer[Any] | StdioServerParameters, era: Era = "2026-07-28") -> AsyncIterator[Agent]:
    """Connect to a server in one of the two protocol eras."""
    async with Client(server, mode=era, read_timeout_seconds=20) as client:
        listed = await client.list_tools()
        yield Agent(client, {tool.name: tool.output_schema for tool in listed.tools})


def server_on(transport: Transport, clock: FakeClock | None = None, /, **settings: Any) -> MCPServer[Any]:
    """A server whose upstream is the transport; time stands still unless the test moves it."""
    ticking = clock or FakeClock()
    return build_server(
        Settings(base_url=BASE_URL, **settings), transport=transport, now=ticking, sleep=_waits(ticking)
    )


def _waits(clock: FakeClock) -> Callable[[float], Awaitable[None]]:
    """Retries wait for no time; the sweeper waits for good."""

    async def sleep(seconds: float) -> None:
        if seconds == SWEEP_SECONDS:
            await anyio.sleep_forever()
        await clock.sleep(seconds)

    return sleep
