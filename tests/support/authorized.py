"""A server over real HTTP that asks for tokens, and agents and bare requests with one."""

import json
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpx
import httpx2
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.server.auth.settings import AuthSettings
from mcp.server.mcpserver import MCPServer
from mcp.types import TextContent
from rememberizer_mcp.server.http.challenge import Challenge
from rememberizer_mcp.server.http.principal import owner_of
from rememberizer_mcp.server.http.verifier import Verifier
from starlette.applications import Starlette

from tests.support.agent import Era
from tests.support.ports import site_of
from tests.support.process import initialize, modern

Trust = ssl.SSLContext | bool
"""Whom a client takes for a server of https; True is whom everybody does."""
LEGACY, MODERN = "2025-11-25", "2026-07-28"


@asynccontextmanager
async def protected(verifier: Verifier, *, scopes: list[str] | None = None, port: int = 0) -> AsyncIterator[str]:
    """The URL of a server whose one tool says for whom it is called; it wants these scopes."""
    auth = verifier.settings.model_copy(update={"required_scopes": scopes})
    server = MCPServer("whose", auth=auth, token_verifier=verifier)
    server.add_tool(whose)
    async with _served(server.streamable_http_app(), auth, port=port) as url:
        yield url


@asynccontextmanager
async def serving_to_owners(server: MCPServer[Any], verifier: Verifier) -> AsyncIterator[str]:
    """The URL of a server of ours that asks for tokens."""
    auth = verifier.settings
    lowlevel = server._lowlevel_server  # noqa: SLF001 - nothing else takes a verifier once the server is made
    async with _served(lowlevel.streamable_http_app(auth=auth, token_verifier=verifier), auth) as url:
        yield url


@asynccontextmanager
async def _served(app: Starlette, auth: AuthSettings, *, port: int = 0) -> AsyncIterator[str]:
    app.add_middleware(Challenge, resource=str(auth.resource_server_url))
    async with app.router.lifespan_context(app), site_of(app, port=port) as origin:
        yield f"{origin}/mcp"


def whose() -> str:
    """For whom this call is made."""
    return str(owner_of())


def bearer(token: str | None) -> dict[str, str]:
    return {} if token is None else {"Authorization": f"Bearer {token}"}


def first_request(era: Era) -> tuple[dict[str, Any], dict[str, str]]:
    """What a client of this era asks first, and its headers."""
    if era == "legacy":
        return initialize(), {}
    return modern(1, "tools/list"), {"MCP-Protocol-Version": MODERN, "MCP-Method": "tools/list"}


async def ask(url: str, era: Era, headers: Mapping[str, str], *, trust: Trust = True) -> httpx.Response:
    """The answer to the first request of a client in this era."""
    message, own = first_request(era)
    return await post(url, message, {**own, **headers}, trust=trust)


async def post(
    url: str, message: Mapping[str, Any], headers: Mapping[str, str], *, trust: Trust = True
) -> httpx.Response:
    usual = {"Accept": "application/json, text/event-stream", "Content-Type": "application/json"}
    async with httpx.AsyncClient(trust_env=False, verify=trust, timeout=20) as client:
        return await client.post(url, content=json.dumps(message), headers={**usual, **headers})


@asynccontextmanager
async def client_of(
    url: str, token: str, era: Era, *, trust: Trust = True, most_kept: int | None = None, **options: Any
) -> AsyncIterator[tuple[Client, httpx2.AsyncClient]]:
    """The SDK's client with this token, and the connection pool whose headers a test may change.

    It keeps at most so many connections; with 0 each request has one of its own.
    """
    limits = httpx2.Limits(max_keepalive_connections=most_kept)
    async with httpx2.AsyncClient(
        headers=bearer(token), trust_env=False, verify=trust, timeout=20, limits=limits
    ) as http:
        transport = streamable_http_client(url, http_client=http)
        async with Client(transport, mode=era, read_timeout_seconds=20, **options) as client:
            yield client, http


async def owner(client: Client) -> str:
    """Whom the server takes this client's next call for."""
    result = await client.call_tool("whose", {})
    (content,) = result.content
    assert isinstance(content, TextContent)
    return content.text
