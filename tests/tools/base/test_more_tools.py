"""What a tool of an embedding program can answer beside a result: whatever the protocol has."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import pytest
from mcp import Client, MCPError
from mcp.client.session import ClientRequestContext
from mcp_types import (
    MISSING_REQUIRED_CLIENT_CAPABILITY,
    ErrorData,
    InputRequiredResult,
    ListRootsRequest,
    ListRootsResult,
    TextContent,
)
from pydantic import BaseModel
from rememberizer_mcp.tools.base.call import ToolCall
from rememberizer_mcp.tools.base.caller import InputNeeded
from rememberizer_mcp.tools.base.contract import READS, Body, tool

from tests.support.agent import ERAS, Around, Era, server_on
from tests.support.upstream import usual

pytestmark = pytest.mark.promise("tools:embedding:protocol")
LACKING: Mapping[str, Any] = {"requiredCapabilities": {"sampling": {}}}


class Roots(BaseModel):
    """How many the client has."""

    count: int


async def refuse(_: ToolCall) -> Roots:
    """Need a client that samples."""
    raise MCPError(MISSING_REQUIRED_CLIENT_CAPABILITY, "needs sampling", LACKING)


async def count_roots(call: ToolCall) -> Roots:
    """Ask the client for its roots."""
    answer = (call.caller.context.input_responses or {}).get("roots")
    if not isinstance(answer, ListRootsResult):
        raise InputNeeded(InputRequiredResult(input_requests={"roots": ListRootsRequest()}))
    return Roots(count=len(answer.roots))


async def no_roots(context: ClientRequestContext) -> ListRootsResult | ErrorData:  # noqa: ARG001 -- the name is the SDK's
    return ListRootsResult(roots=[])


@asynccontextmanager
async def client_of(body: Body, era: Era) -> AsyncIterator[Client]:
    around = Around(more_tools=[tool(body, "More", READS)])
    async with Client(server_on(usual().transport, None, around), mode=era, list_roots_callback=no_roots) as client:
        yield client


@pytest.mark.parametrize("era", ERAS)
async def test_an_error_of_the_protocol_reaches_the_client_as_it_is(era: Era) -> None:
    async with client_of(refuse, era) as client:
        with pytest.raises(MCPError) as refused:
            await client.call_tool("refuse", {})
    assert (refused.value.code, refused.value.message) == (MISSING_REQUIRED_CLIENT_CAPABILITY, "needs sampling")
    assert refused.value.data == LACKING


async def test_a_question_without_parameters_reaches_the_client() -> None:
    async with client_of(count_roots, "2026-07-28") as client:
        result = await client.call_tool("count_roots", {})
    (content,) = result.content
    assert isinstance(content, TextContent)
    assert content.text == '{"count":0}'
