"""langchain-mcp-adapters: each tool as LangChain's own, called as an agent's loop calls it."""

from typing import Any

import anyio
from journey import Journey
from langchain_mcp_adapters.callbacks import Callbacks
from langchain_mcp_adapters.client import MultiServerMCPClient
from langchain_mcp_adapters.tools import load_mcp_tools
from mcp.types import ElicitResult


async def cancel(*_: Any) -> ElicitResult:
    return ElicitResult(action="cancel")


async def ignore(*_: Any) -> None:
    return


async def main() -> None:
    journey = Journey("langchain-mcp-adapters", "mcp")
    callbacks = Callbacks(on_elicitation=cancel, on_progress=ignore)
    client = MultiServerMCPClient({"ours": {"transport": "stdio", **journey.server}}, callbacks=callbacks)
    async with client.session("ours") as session:
        tools = {tool.name: tool for tool in await load_mcp_tools(session, callbacks=callbacks)}
        journey.met(tools=list(tools))
        for name, arguments in journey:
            call = {"type": "tool_call", "id": "1", "name": name, "args": arguments}
            message = await tools[name].ainvoke(call)
            structured = (message.artifact or {}).get("structured_content")
            journey.answered(name, message.text, structured=structured, failed=message.status == "error")
    journey.tell()


anyio.run(main)
