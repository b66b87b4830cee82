"""The four forms in which chat hosts speak with a model: what a request says, and what a model answers.

Each answer is a stream of events, as every host here asks for one. The forms are those of the vendors' API references:
Gemini's ``generateContent``, OpenAI's Chat Completions and Responses, Anthropic's Messages.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

Event = dict[str, Any]
USAGE = {"input_tokens": 1, "output_tokens": 1, "total_tokens": 2}


@dataclass(frozen=True)
class Turn:
    """What one request says: the names of the tools that a model may call, and what came of its calls so far."""

    tools: Sequence[str]
    results: Sequence[str]


@dataclass(frozen=True)
class Call:
    """A model's wish to have a tool called."""

    tool: str
    arguments: dict[str, Any]
    number: int
    """Which call of the conversation it is."""

    @property
    def id(self) -> str:
        return f"call_{self.number}"


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """One of the forms."""

    path: str
    """How the address ends that is asked."""
    turn: Callable[[dict[str, Any]], Turn]
    answer: Callable[[Call | str], Iterator[Event]]
    """The events that say a call or a text."""
    is_named: bool = False
    """Whether each event has its ``type`` as its name, too."""
    last: bytes = b""
    """What comes behind the last event."""

    def stream(self, said: Call | str) -> bytes:
        """An answer as it goes over the wire."""
        return b"".join(map(self._line, self.answer(said))) + self.last

    def _line(self, event: Event) -> bytes:
        name = f"event: {event['type']}\n" if self.is_named else ""
        return f"{name}data: {json.dumps(event)}\n\n".encode()


def _gemini_turn(body: dict[str, Any]) -> Turn:
    declared = [each for tool in body.get("tools", ()) for each in tool.get("functionDeclarations", ())]
    parts = [part for content in body["contents"] for part in content["parts"]]
    results = [json.dumps(part["functionResponse"]["response"]) for part in parts if "functionResponse" in part]
    return Turn([each["name"] for each in declared], results)


def _gemini_answer(said: Call | str) -> Iterator[Event]:
    part: Event = {"text": said}
    if isinstance(said, Call):
        part = {"functionCall": {"name": said.tool, "args": said.arguments, "id": said.id}}
    content = {"role": "model", "parts": [part]}
    yield {"candidates": [{"content": content, "finishReason": "STOP", "index": 0}]}


def _chat_turn(body: dict[str, Any]) -> Turn:
    names = [tool["function"]["name"] for tool in body.get("tools", ())]
    return Turn(names, [str(each["content"]) for each in body["messages"] if each["role"] == "tool"])


def _chat_answer(said: Call | str) -> Iterator[Event]:
    reason, delta = "stop", Event(role="assistant", content=said)
    if isinstance(said, Call):
        function = {"name": said.tool, "arguments": json.dumps(said.arguments)}
        calls = [{"index": 0, "id": said.id, "type": "function", "function": function}]
        reason, delta = "tool_calls", Event(role="assistant", content=None, tool_calls=calls)
    base = {"id": "chat", "object": "chat.completion.chunk", "created": 0, "model": "scripted"}
    yield base | {"choices": [{"index": 0, "delta": delta, "finish_reason": None}]}
    yield base | {"choices": [{"index": 0, "delta": {}, "finish_reason": reason}]}


def _responses_turn(body: dict[str, Any]) -> Turn:
    """Codex puts the tools of a server into a namespace of their own; here a slash stands between the two names."""
    spaces = [tool for tool in body["tools"] if tool["type"] == "namespace"]
    names = [f"{space['name']}/{tool['name']}" for space in spaces for tool in space["tools"]]
    results = [item["output"] for item in body["input"] if item["type"] == "function_call_output"]
    return Turn(names, list(map(str, results)))


def _responses_answer(said: Call | str) -> Iterator[Event]:
    item: Event = {"type": "message", "id": "item", "role": "assistant", "content": [_output(said)]}
    if isinstance(said, Call):
        space, _, name = said.tool.partition("/")
        given = json.dumps(said.arguments)
        item = {"type": "function_call", "id": "item", "call_id": said.id, "namespace": space, "name": name}
        item |= {"arguments": given}
    response = {"id": "response", "object": "response", "output": [item], "usage": USAGE}
    yield {"type": "response.created", "response": {"id": "response"}}
    yield {"type": "response.output_item.done", "output_index": 0, "item": item}
    yield {"type": "response.completed", "response": response}


def _output(said: Call | str) -> Event:
    return {"type": "output_text", "text": str(said), "annotations": []}


def _messages_turn(body: dict[str, Any]) -> Turn:
    contents = [message["content"] for message in body["messages"] if isinstance(message["content"], list)]
    results = [block["content"] for content in contents for block in content if block["type"] == "tool_result"]
    return Turn([tool["name"] for tool in body.get("tools", ())], list(map(json.dumps, results)))


def _messages_answer(said: Call | str) -> Iterator[Event]:
    reason, block, delta = "end_turn", Event(type="text", text=""), Event(type="text_delta", text=said)
    if isinstance(said, Call):
        reason, block = "tool_use", Event(type="tool_use", id=said.id, name=said.tool, input={})
        delta = Event(type="input_json_delta", partial_json=json.dumps(said.arguments))
    message = {"id": "message", "type": "message", "role": "assistant", "model": "scripted", "content": []}
    yield {"type": "message_start", "message": message | {"usage": USAGE}}
    yield {"type": "content_block_start", "index": 0, "content_block": block}
    yield {"type": "content_block_delta", "index": 0, "delta": delta}
    yield {"type": "content_block_stop", "index": 0}
    yield {"type": "message_delta", "delta": {"stop_reason": reason}, "usage": USAGE}
    yield {"type": "message_stop"}


GEMINI = Dialect(path=":streamGenerateContent", turn=_gemini_turn, answer=_gemini_answer)
CHAT = Dialect(path="/chat/completions", turn=_chat_turn, answer=_chat_answer, last=b"data: [DONE]\n\n")
RESPONSES = Dialect(path="/responses", turn=_responses_turn, answer=_responses_answer, is_named=True)
MESSAGES = Dialect(path="/messages", turn=_messages_turn, answer=_messages_answer, is_named=True)
