"""A small tool that needs an account: it stands for the tools of later versions."""

from collections.abc import Awaitable, Callable
from typing import Any

from pydantic import BaseModel
from rememberizer_mcp.server.api.client import Call
from rememberizer_mcp.tools.base.arguments import Arguments
from rememberizer_mcp.tools.base.contract import READS, ContractTool, tool
from rememberizer_mcp.tools.base.services import CallServices
from rememberizer_mcp.tools.base.sign_in import account_grant


class Answer(BaseModel):
    """What was asked for."""

    id: Any


async def ask(services: CallServices, arguments: Arguments) -> Answer:
    """Answer a question that only somebody with an account can ask."""
    grant = await account_grant(services, arguments.session)
    call = Call(method="GET", path="account/", repeatable=True)
    reply = await grant.request(call, deadline=services.deadline())
    return Answer(id=reply.body.fields["id"])


def needing(body: Callable[[CallServices, Arguments], Awaitable[Answer]] = ask) -> ContractTool:
    return tool(body, "Ask", READS)
