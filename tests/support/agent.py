"""An agent in a test: the SDK's client on a server, whose every result is held against the tool's output schema."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Literal

import anyio
import jsonschema
from mcp import Client, StdioServerParameters
from mcp.server.mcpserver import MCPServer
from mcp_types import CallToolResult
from rememberizer_mcp.server.api.client import Transport
from rememberizer_mcp.server.app import build_server
from rememberizer_mcp.server.clients import Clients
from rememberizer_mcp.server.sessions.keychain import Ring
from rememberizer_mcp.server.sessions.store import SWEEP_SECONDS
from rememberizer_mcp.server.settings.settings import Settings
from rememberizer_mcp.server.signin.pending import AFTER_SECONDS
from rememberizer_mcp.tools.base.contract import ContractTool

from tests.support.clock import FakeClock, Reading, for_good
from tests.support.upstream import BASE_URL

Era = Literal["2026-07-28", "legacy"]
ERAS: tuple[Era, ...] = ("2026-07-28", "legacy")
LONGEST_RETRY_SECONDS = 100.0
"""Waits between retries are shorter, the life of a page is longer."""
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
async def agent_on(
    server: MCPServer[Any] | StdioServerParameters | str, era: Era = "2026-07-28", **client_options: Any
) -> AsyncIterator[Agent]:
    """Connect to a server, or to the one at an address, in one of the two protocol eras."""
    async with Client(server, mode=era, read_timeout_seconds=20, **client_options) as client:
        listed = await client.list_tools()
        yield Agent(client, {tool.name: tool.output_schema for tool in listed.tools})


@dataclass(frozen=True, kw_only=True)
class Around:
    """What surrounds a server in a test, beside its upstream and its settings."""

    patience_seconds: float = 0.05
    """How long a call waits for a person."""
    page_life: Callable[[float], Awaitable[None]] | None = None
    """How a sign-in page waits for its end; without one it waits for good."""
    more_tools: Sequence[ContractTool] = ()
    """Listed after ours."""
    answering: Callable[[], float] | None = None
    """The clock by which a client answers; without one a person reads each question."""
    keyring: Callable[[], Ring] | None = None
    """Finds one in place of the operating system's."""
    clients: Clients | None = None
    """Who is served, other than one client over stdio."""


def server_on(
    transport: Transport, clock: FakeClock | None = None, around: Around | None = None, /, **settings: Any
) -> MCPServer[Any]:
    """A server whose upstream is the transport; time stands still unless the test moves it.

    No browser is opened unless the settings say so.
    """
    around = around or Around()
    ticking = clock or FakeClock()

    async def sleep(seconds: float) -> None:
        if seconds in (SWEEP_SECONDS, AFTER_SECONDS):
            await anyio.sleep_forever()
        elif seconds > LONGEST_RETRY_SECONDS:
            await (around.page_life or for_good)(seconds)
        else:
            await ticking.sleep(seconds)

    return build_server(
        Settings(**{"base_url": BASE_URL, "open_browser": "never"} | settings),
        transport=transport,
        now=ticking,
        sleep=sleep,
        patience_seconds=around.patience_seconds,
        clock=around.answering or Reading(),
        more_tools=around.more_tools,
        keyring=around.keyring,
        clients=around.clients,
    )
