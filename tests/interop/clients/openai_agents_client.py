"""The OpenAI Agents SDK: an agent whose model is a script that asks for the tools in turn."""

import json
from collections.abc import AsyncIterator
from typing import Any

import anyio
from agents import Agent, Model, ModelResponse, Runner, Usage, set_tracing_disabled
from agents.mcp import MCPServerStdio
from journey import Journey
from openai.types.responses import ResponseFunctionToolCall, ResponseOutputMessage, ResponseOutputText

MOST_TURNS = 50


class Script(Model):
    def __init__(self, journey: Journey) -> None:
        self._journey = journey
        self._steps = enumerate(journey)
        self._asked = ""

    async def get_response(self, *_: Any, **request: Any) -> ModelResponse:
        self._journey.met(tools=[tool.name for tool in request["tools"]])
        said = request["input"][-1]
        if said.get("type") == "function_call_output":
            self._journey.answered(self._asked, _text(said["output"]), structured=None, failed=None)
        return ModelResponse(output=[self._next()], usage=Usage(), response_id=None)

    def stream_response(self, *_: Any, **__: Any) -> AsyncIterator[Any]:
        raise NotImplementedError

    def _next(self) -> ResponseFunctionToolCall | ResponseOutputMessage:
        number, (self._asked, arguments) = next(self._steps, (0, ("", None)))
        if arguments is None:
            done = ResponseOutputText(type="output_text", text="done", annotations=[])
            return ResponseOutputMessage(id="m", type="message", role="assistant", status="completed", content=[done])
        return ResponseFunctionToolCall(
            type="function_call", call_id=f"call-{number}", name=self._asked, arguments=json.dumps(arguments)
        )


def _text(output: Any) -> Any:
    """A result of text blocks reaches the model as a list of them or as one."""
    blocks = output if isinstance(output, list) else [output]
    return "".join(block if isinstance(block, str) else block["text"] for block in blocks)


async def main() -> None:
    set_tracing_disabled(disabled=True)
    journey = Journey("openai-agents", "mcp")
    async with MCPServerStdio(journey.server, client_session_timeout_seconds=30) as server:
        agent = Agent(name="Scripted", model=Script(journey), mcp_servers=[server])
        await Runner.run(agent, [{"role": "user", "content": "Go."}], max_turns=MOST_TURNS)
    journey.tell()


anyio.run(main)
