"""The prompts and resources that the suite asks for."""

import json

from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.prompts.base import Prompt, UserMessage
from mcp_types import EmbeddedResource, TextResourceContents

from tests.interop.conformance.rounds import input_required_result_prompt
from tests.interop.conformance.tools import IMAGE


async def simple_prompt() -> str:
    """Say something."""
    return "This is a simple prompt for testing."


async def prompt_with_arguments(arg1: str, arg2: str) -> str:
    """Say something with these in it."""
    return f"Prompt with arguments: arg1='{arg1}', arg2='{arg2}'"


async def prompt_with_embedded_resource(resourceUri: str) -> UserMessage:  # noqa: N803 -- the suite's name
    """Show a resource of this address."""
    contents = TextResourceContents(uri=resourceUri, mime_type="text/plain", text="An embedded text.")
    return UserMessage(EmbeddedResource(type="resource", resource=contents))


async def prompt_with_image() -> UserMessage:
    """Show a picture."""
    return UserMessage(IMAGE)


async def static_text() -> str:
    """A text."""
    return "This is the content of the static text resource."


async def static_binary() -> bytes:
    """Bytes."""
    return b"\x89PNG"


async def data(number: str) -> str:
    """A text with the number of its address in it."""
    return json.dumps({"id": number})


def add_to(server: MCPServer) -> None:
    for prompt in (
        simple_prompt,
        prompt_with_arguments,
        prompt_with_embedded_resource,
        prompt_with_image,
        input_required_result_prompt,
    ):
        server.add_prompt(Prompt.from_function(prompt, name=f"test_{prompt.__name__}"))
    server.resource("test://static-text", mime_type="text/plain")(static_text)
    server.resource("test://static-binary", mime_type="image/png")(static_binary)
    server.resource("test://template/{number}/data", mime_type="application/json")(data)
