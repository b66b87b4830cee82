"""``ContractTool``: what all our tools have in common, in place of the SDK's own argument and error handling.

Left to the SDK (measured with mcp 2.3.0), a rejected call echoes its arguments with the password in them, a string that
looks like JSON is parsed before it is validated, and an unknown argument is dropped in silence.
"""

import logging
from collections.abc import Awaitable, Callable
from functools import cache
from inspect import signature
from typing import Any, Self, get_type_hints

from mcp import MCPError
from mcp.server.mcpserver import Context
from mcp.server.mcpserver.tools import Tool
from mcp.server.mcpserver.utilities.func_metadata import ArgModelBase, FuncMetadata
from mcp_types import CallToolResult, InputRequiredResult, TextContent, ToolAnnotations
from pydantic import BaseModel, Field, create_model
from pydantic_core import from_json

from ...server.errors import InternalError, RememberizerError
from .arguments import Arguments, learnable, parse
from .call import ToolCall
from .caller import InputNeeded
from .middleware import current_services
from .schemas import input_schema, output_schema

logger = logging.getLogger(__name__)

_SESSION = {"type": "string", "description": "The `session` that `login` or `signup` returned."}
Body = Callable[..., Awaitable[BaseModel]]
"""A tool's work: the call and, by their names, its validated arguments in; one result model out."""


class ContractTool(Tool):
    """A tool whose every answer is a typed result of ours, and whose every failure is one of our errors."""

    arguments: type[Arguments] = Field(exclude=True)
    writes: bool = Field(exclude=True)
    """Whether it changes what is stored at Rememberizer: signing in and out doesn't."""

    def naming_its_session(self) -> Self:
        """The same tool, which lists ``session`` too: every tool takes it, but only some clients have several."""
        there = self.parameters.get("properties", {})
        return self.model_copy(update={"parameters": self.parameters | {"properties": there | {"session": _SESSION}}})

    async def run(
        self,
        arguments: dict[str, Any],
        context: Context[Any, Any],
        convert_result: bool = False,  # noqa: ARG002, FBT001, FBT002 -- the signature is the SDK's
    ) -> CallToolResult | InputRequiredResult:
        """Validate, work, and answer; the call's strings are redacted from logs while it runs.

        Raises:
            RememberizerError: The call failed; ``tools/mcp_server.py`` makes a result of that.
            MCPError: The request failed: a tool of an embedding program says so in the protocol's own words.
        """
        services = current_services()
        with services.secrets.during(learnable(arguments) - self.arguments.model_fields.keys()):
            try:
                given = vars(parse(self.arguments, arguments)).copy()
                call = await ToolCall.of(services, context, writes=self.writes, handle=given.pop("session"))
                return _success(await self.fn(call, **given))
            except InputNeeded as question:
                return question.result
            except (RememberizerError, MCPError) as error:
                logger.info("%s failed: %s", self.name, error.code)
                raise
            except Exception as error:
                logger.exception("%s crashed", self.name)
                raise InternalError from error


READS = ToolAnnotations(read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=True)
ADDS = ToolAnnotations(read_only_hint=False, destructive_hint=False, idempotent_hint=False, open_world_hint=True)
"""Calling again adds again."""
CHANGES = ToolAnnotations(read_only_hint=False, destructive_hint=False, idempotent_hint=True, open_world_hint=True)
DELETES = ToolAnnotations(read_only_hint=False, destructive_hint=True, idempotent_hint=True, open_world_hint=True)


def tool(
    body: Body,
    title: str,
    annotations: ToolAnnotations,
    *,
    without: tuple[str, ...] = (),
    writes: bool | None = None,
    card: str | None = None,
) -> ContractTool:
    """A tool from its body. The body's name and docstring are what a model reads, and its signature says the schemas.

    Args:
        body: The tool's work; its signature says what it accepts beside the call, and what it returns.
        title: For people.
        annotations: What a host is told about it.
        without: Names of arguments that the settings take away.
        writes: Whether it changes what is stored at Rememberizer, where the annotations don't say so.
        card: The address of the page that a host may show with the result (MCP Apps).
    """
    accepted = _arguments_of(body, without)
    return ContractTool(
        fn=body,
        name=getattr(body, "__name__", ""),
        title=title,
        description=" ".join((body.__doc__ or "").split()),
        parameters=input_schema(accepted),
        fn_metadata=FuncMetadata(arg_model=ArgModelBase, output_schema=output_schema(get_type_hints(body)["return"])),
        is_async=True,
        annotations=annotations,
        arguments=accepted,
        writes=not annotations.read_only_hint if writes is None else writes,
        meta={"ui": {"resourceUri": card}} if card else None,
    )


@cache
def _arguments_of(body: Body, without: tuple[str, ...]) -> type[Arguments]:
    """A model of what the body takes by name. Each is made once, since that takes time and the schemas keep it."""
    hints = get_type_hints(body, include_extras=True)
    taken = [each for each in signature(body).parameters.values() if each.kind is each.KEYWORD_ONLY]
    fields: dict[str, Any] = {
        each.name: (hints[each.name], ... if each.default is each.empty else each.default)
        for each in taken
        if each.name not in without
    }
    return create_model("arguments", __base__=Arguments, **fields) if fields else Arguments


def _success(result: BaseModel) -> CallToolResult:
    text = result.model_dump_json()
    return CallToolResult(content=[TextContent(type="text", text=text)], structured_content=from_json(text))
