"""The tools and the prompt that the suite calls in rounds: each ends with questions until the client answers them."""

import json
from collections.abc import Mapping
from typing import Any

from mcp.server.mcpserver import Context
from mcp_types import (
    ClientCapabilities,
    CreateMessageRequest,
    CreateMessageRequestParams,
    ElicitRequest,
    ElicitRequestFormParams,
    InputRequest,
    InputRequiredResult,
    ListRootsRequest,
    SamplingMessage,
    TextContent,
)
from rememberizer_mcp.tools.base.call import ToolCall
from rememberizer_mcp.tools.base.caller import InputNeeded

from tests.interop.conformance.tools import Said, named

NONCE = "request-state-nonce"


def _form(message: str, **types: str) -> ElicitRequest:
    properties = {name: {"type": type_} for name, type_ in types.items()}
    schema = {"type": "object", "properties": properties, "required": [*types]}
    return ElicitRequest(params=ElicitRequestFormParams(message=message, requested_schema=schema))


def _to_model(prompt: str) -> CreateMessageRequest:
    message = SamplingMessage(role="user", content=TextContent(type="text", text=prompt))
    return CreateMessageRequest(params=CreateMessageRequestParams(messages=[message], max_tokens=100))


NAME = _form("What is your name?", name="string")


def _answers(call: ToolCall, state: str | None = None, /, **questions: InputRequest) -> Mapping[str, Any]:
    """What the client answered in this round to all of these questions.

    Raises:
        InputNeeded: It has to be asked, and to show this state when it answers.
    """
    given = call.caller.context.input_responses or {}
    if questions.keys() - given.keys():
        raise InputNeeded(InputRequiredResult(input_requests=questions, request_state=state))
    return given


async def input_required_result_elicitation(call: ToolCall) -> Said:
    """Ask the user."""
    answers = _answers(call, user_name=NAME)
    return Said(said=f"Hello, {answers['user_name'].content['name']}!")


async def input_required_result_sampling(call: ToolCall) -> Said:
    """Ask the model."""
    answers = _answers(call, capital_question=_to_model("What is the capital of France?"))
    return Said(said=answers["capital_question"].content.text)


async def input_required_result_list_roots(call: ToolCall) -> Said:
    """Ask for the roots."""
    return Said(said=str(_answers(call, client_roots=ListRootsRequest())["client_roots"].roots))


async def input_required_result_request_state(call: ToolCall) -> Said:
    """Look whether the state comes back."""
    _answers(call, NONCE, confirm=_form("Please confirm.", ok="boolean"))
    return Said(said="state-ok" if call.caller.context.request_state == NONCE else "state-lost")


async def input_required_result_tampered_state(call: ToolCall) -> Said:
    """Take any state; one that was changed on the way never gets here."""
    return Said(said=str(_answers(call, NONCE, confirm=_form("Please confirm.", ok="boolean"))))


async def input_required_result_multiple_inputs(call: ToolCall) -> Said:
    """Ask for all kinds at once."""
    greeting = _to_model("Greet somebody.")
    return Said(said=str(_answers(call, NONCE, user_name=NAME, greeting=greeting, client_roots=ListRootsRequest())))


async def input_required_result_multi_round(call: ToolCall) -> Said:
    """Ask twice; the state takes the first answer along."""
    name = json.loads(call.caller.context.request_state or "{}").get("name")
    if not name:
        name = _answers(call, "{}", step1=NAME)["step1"].content["name"]
    color = _answers(call, json.dumps({"name": name}), step2=_form("Which color do you like?", color="string"))
    return Said(said=f"{name} likes {color['step2'].content['color']}.")


async def input_required_result_capabilities(call: ToolCall) -> Said:
    """Ask only for what the client declared."""
    declared = call.caller.context.client_capabilities or ClientCapabilities()
    kinds: list[tuple[str, InputRequest, object]] = [
        ("greeting", _to_model("Greet somebody."), declared.sampling),
        ("user_name", NAME, declared.elicitation),
    ]
    return Said(said=str(_answers(call, NONCE, **{name: asked for name, asked, is_declared in kinds if is_declared})))


async def input_required_result_prompt(context: Context[Any, Any]) -> str | InputRequiredResult:
    """Ask the user what the prompt is about."""
    answers: Mapping[str, Any] = context.input_responses or {}
    if "user_context" not in answers:
        return InputRequiredResult(input_requests={"user_context": _form("What is it about?", context="string")})
    return f"It is about this: {answers['user_context'].content['context']}"


TOOLS = [
    named(body)
    for body in (
        input_required_result_elicitation,
        input_required_result_sampling,
        input_required_result_list_roots,
        input_required_result_request_state,
        input_required_result_tampered_state,
        input_required_result_multiple_inputs,
        input_required_result_multi_round,
        input_required_result_capabilities,
    )
]
