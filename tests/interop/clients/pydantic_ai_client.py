"""pydantic-ai: an agent whose model is a function that asks for the tools in turn."""

from typing import Any

import anyio
from fastmcp.client.transports import StdioTransport
from journey import Journey
from mcp.types import ElicitResult
from pydantic_ai import Agent
from pydantic_ai.mcp import MCPToolset
from pydantic_ai.messages import ModelMessage, ModelResponse, TextPart, ToolCallPart, ToolReturnPart
from pydantic_ai.models.function import AgentInfo, FunctionModel


async def cancel(*_: Any) -> ElicitResult:
    return ElicitResult(action="cancel")


async def ignore(*_: Any) -> None:
    return


async def main() -> None:
    journey = Journey("pydantic-ai-slim", "fastmcp-slim", "mcp")
    steps = iter(journey)

    def model(messages: list[ModelMessage], info: AgentInfo) -> ModelResponse:
        journey.met(tools=[tool.name for tool in info.function_tools])
        for part in messages[-1].parts:
            if isinstance(part, ToolReturnPart):
                structured = part.content if isinstance(part.content, dict) else None
                journey.answered(part.tool_name, part.content, structured=structured, failed=part.outcome != "success")
        step = next(steps, None)
        return ModelResponse(parts=[ToolCallPart(*step) if step else TextPart("done")])

    toolset = MCPToolset(StdioTransport(**journey.server), elicitation_handler=cancel, progress_handler=ignore)
    await Agent(FunctionModel(model), toolsets=[toolset]).run("Go.")
    journey.tell()


anyio.run(main)
