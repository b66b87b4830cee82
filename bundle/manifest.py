"""``manifest.json`` of the bundle: what people wrote (``template.json``), and what the code knows.

The format is MCPB 0.4, the newest that the official tool checks; its server type ``uv`` has the host install what
``pyproject.toml`` names. A field of ``user_config`` is the setting of the same name. The format can't put a list of
folders into one environment variable, so there is one folder for uploads.
"""

import json
from pathlib import Path
from typing import Any

from mcp import Client
from mcp_types import Prompt, TextContent
from rememberizer_mcp.server import __version__
from rememberizer_mcp.server.app import build_server
from rememberizer_mcp.server.settings.settings import Settings, variable

from .sources import PACKAGE, host_environment, project

ENTRY_POINT = "main.py"
TEMPLATE = Path(__file__).with_name("template.json")


async def manifest() -> dict[str, Any]:
    """The whole manifest; the tools and prompts are those that the server lists with the bundle's defaults."""
    template: dict[str, Any] = json.loads(TEMPLATE.read_text(encoding="utf-8"))
    about = project()
    template["user_config"]["toolsets"]["default"] = ",".join(Settings.model_fields["toolsets"].default)
    return {
        "name": PACKAGE,
        "version": __version__,
        "description": about["description"],
        "license": about["license"],
        "keywords": about["keywords"],
        "server": _server(list(template["user_config"])),
        "compatibility": {"platforms": ["darwin", "win32", "linux"], "runtimes": {"python": about["requires-python"]}},
        **template,
        **await _listed(),
    }


def _server(fields: list[str]) -> dict[str, Any]:
    filled_in = {variable(field): f"${{user_config.{field}}}" for field in fields}
    return {
        "type": "uv",
        "entry_point": ENTRY_POINT,
        "mcp_config": {
            "command": "uv",
            "args": ["run", "--directory", "${__dirname}", ENTRY_POINT],
            "env": host_environment() | filled_in,
        },
    }


async def _listed() -> dict[str, Any]:
    async with Client(build_server(Settings(secret_arguments=False))) as client:
        tools = (await client.list_tools()).tools
        prompts = (await client.list_prompts()).prompts
        return {
            "tools": [{"name": tool.name, "description": tool.title} for tool in tools],
            "prompts": [await _prompt(client, prompt) for prompt in prompts],
        }


async def _prompt(client: Client, prompt: Prompt) -> dict[str, Any]:
    """As the format wants it: the text, with placeholders where the arguments go."""
    names = [argument.name for argument in prompt.arguments or []]
    filled = await client.get_prompt(prompt.name, {name: f"${{arguments.{name}}}" for name in names})
    text = "".join(each.content.text for each in filled.messages if isinstance(each.content, TextContent))
    return {"name": prompt.name, "description": prompt.description, "arguments": names, "text": text}
