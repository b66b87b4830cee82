"""A small tool that needs an account: it stands for the tools of later versions."""

from collections.abc import Awaitable, Callable
from typing import Any

from pydantic import BaseModel
from rememberizer_mcp.server.api.endpoints import Endpoint, Takes
from rememberizer_mcp.tools.base.call import ToolCall
from rememberizer_mcp.tools.base.contract import READS, ContractTool, tool


class Answer(BaseModel):
    """What was asked for."""

    id: Any


async def ask(call: ToolCall) -> Answer:
    """Answer a question that only somebody with an account can ask."""
    reply = await call.request(Endpoint("GET", "account/", Takes.ACCOUNT).call())
    return Answer(id=reply.body.fields["id"])


def needing(body: Callable[[ToolCall], Awaitable[Answer]] = ask) -> ContractTool:
    return tool(body, "Ask", READS)
