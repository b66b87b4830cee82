"""The tools that the suite calls: ours in all but what they do."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from mcp import MCPError
from mcp.server.mcpserver import Context
from mcp.types import ElicitResult
from mcp_types import (
    MISSING_REQUIRED_CLIENT_CAPABILITY,
    AudioContent,
    CallToolResult,
    ContentBlock,
    EmbeddedResource,
    ImageContent,
    InputRequiredResult,
    SamplingMessage,
    TextContent,
    TextResourceContents,
)
from pydantic import BaseModel, Field
from rememberizer_mcp.tools.base.call import ToolCall
from rememberizer_mcp.tools.base.contract import READS, Body, ContractTool, tool

PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGP4DwABAQEAsTj2FAAAAABJRU5ErkJggg=="
"""One white pixel."""
WAV = "UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAEAfAAABAAgAZGF0YQAAAAA="
"""Mono, 8 kHz, without a sample."""
DEFAULTS = {
    "name": {"type": "string", "default": "John Doe"},
    "age": {"type": "integer", "default": 30},
    "score": {"type": "number", "default": 95.5},
    "status": {"type": "string", "enum": ["active", "inactive", "pending"], "default": "active"},
    "verified": {"type": "boolean", "default": True},
}
"""A form of every primitive type (SEP-1034)."""
TITLED = [{"const": "one", "title": "One"}, {"const": "two", "title": "Two"}]
ENUMS = {
    "untitledSingle": {"type": "string", "enum": ["one", "two"]},
    "titledSingle": {"type": "string", "oneOf": TITLED},
    "legacyEnum": {"type": "string", "enum": ["one", "two"], "enumNames": ["One", "Two"]},
    "untitledMulti": {"type": "array", "items": {"type": "string", "enum": ["one", "two"]}},
    "titledMulti": {"type": "array", "items": {"anyOf": TITLED}},
}
"""A form of every kind of choice (SEP-1330)."""
Region = Annotated[str, Field(json_schema_extra={"x-mcp-header": "Region"})]


class Said(BaseModel):
    """What each of them answers."""

    said: str


def named(body: Body) -> ContractTool:
    """The tool with this body, by the name that the suite has for it."""
    made = tool(body, "For the conformance suite", READS)
    return made.model_copy(update={"name": f"test_{made.name}"})


class Showing(ContractTool):
    """One of ours, but for its content: the suite wants pictures and more, and ours answer with JSON alone."""

    blocks: Sequence[ContentBlock] = Field(exclude=True)

    async def run(
        self, arguments: dict[str, Any], context: Context[Any, Any], convert_result: bool = False
    ) -> CallToolResult | InputRequiredResult:
        """Answer as ours do, and show the blocks in place of the JSON."""
        result = await super().run(arguments, context, convert_result)
        return result.model_copy(update={"content": list(self.blocks)})


async def simple_text(_: ToolCall) -> Said:
    """Answer with a text."""
    return Said(said="This is a simple text response for testing.")


async def error_handling(_: ToolCall) -> Said:
    """Crash."""
    raise RuntimeError("This tool fails whenever it is called.")


async def tool_with_progress(call: ToolCall) -> Said:
    """Report progress in three steps."""
    for done in (0, 50, 100):
        await call.caller.context.report_progress(done, 100)
    return Said(said="Done.")


async def tool_with_logging(call: ToolCall) -> Said:
    """Write three lines to the client's log."""
    for line in ("Tool execution started", "Tool processing data", "Tool execution completed"):
        await call.caller.context.info(line)
    return Said(said="Done.")


async def sampling(call: ToolCall, *, prompt: str) -> Said:
    """Ask the client's model."""
    context, words = call.caller.context, TextContent(type="text", text=prompt)
    answer = await context.session.create_message(
        [SamplingMessage(role="user", content=words)], max_tokens=100, related_request_id=context.request_id
    )
    return Said(said=str(answer.content))


async def elicitation(call: ToolCall, *, message: str) -> Said:
    """Ask the user by a form of one field."""
    return await _form(call, {"response": {"type": "string"}}, message)


async def elicitation_sep1034_defaults(call: ToolCall) -> Said:
    """Ask the user by a form with defaults."""
    return await _form(call, DEFAULTS)


async def elicitation_sep1330_enums(call: ToolCall) -> Said:
    """Ask the user by a form of choices."""
    return await _form(call, ENUMS)


async def _form(call: ToolCall, properties: Mapping[str, Any], message: str = "Fill this in.") -> Said:
    context, schema = call.caller.context, {"type": "object", "properties": dict(properties)}
    answer: ElicitResult = await context.session.elicit_form(message, schema, related_request_id=context.request_id)
    return Said(said=answer.model_dump_json())


async def x_mcp_header(_: ToolCall, *, region: Region) -> Said:
    """Take an argument that the client repeats in a header (SEP-2243)."""
    return Said(said=region)


async def missing_capability(_: ToolCall) -> Said:
    """Need a client that can ask a model; the suite's can't."""
    raise MCPError(
        code=MISSING_REQUIRED_CLIENT_CAPABILITY,
        message="This tool needs a client that samples.",
        data={"requiredCapabilities": {"sampling": {}}},
    )


async def _shown(_: ToolCall) -> Said:
    """Show what the suite looks for."""
    return Said(said="See the content.")


def _resource(uri: str, mime_type: str, text: str) -> EmbeddedResource:
    return EmbeddedResource(type="resource", resource=TextResourceContents(uri=uri, mime_type=mime_type, text=text))


IMAGE = ImageContent(type="image", data=PNG, mime_type="image/png")
SHOWN: Mapping[str, Sequence[ContentBlock]] = {
    "test_image_content": [IMAGE],
    "test_audio_content": [AudioContent(type="audio", data=WAV, mime_type="audio/wav")],
    "test_embedded_resource": [_resource("test://embedded-resource", "text/plain", "An embedded text.")],
    "test_multiple_content_types": [
        TextContent(type="text", text="Several kinds:"),
        IMAGE,
        _resource("test://mixed-content-resource", "application/json", '{"test":"data","value":123}'),
    ],
}
TOOLS = [
    *(
        named(body)
        for body in (
            simple_text,
            error_handling,
            tool_with_progress,
            tool_with_logging,
            sampling,
            elicitation,
            elicitation_sep1034_defaults,
            elicitation_sep1330_enums,
            x_mcp_header,
            missing_capability,
        )
    ),
    *(Showing(**vars(named(_shown)) | {"name": name, "blocks": blocks}) for name, blocks in SHOWN.items()),
]
