"""``Server``: the SDK's server, with words of ours for names that it doesn't have or that read-only took away."""

from collections.abc import Iterable
from typing import Any

from mcp.server.lowlevel.helper_types import ReadResourceContents
from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.exceptions import ResourceNotFoundError
from mcp_types import CallToolResult, GetPromptResult, InputRequiredResult
from pydantic import AnyUrl

from ..server.errors import InvalidArguments, NotFound, ReadOnly
from .base.arguments import unknown_name
from .base.contract import failure, protocol_error
from .base.services import Services
from .resources.prompts import checked


class Server(MCPServer[Services]):
    """What ``build_server`` makes."""

    offered: tuple[str, ...] = ()
    """The names of its tools."""
    hidden: frozenset[str] = frozenset()
    """The names of those that read-only took away."""

    async def call_tool(
        self, name: str, arguments: dict[str, Any], context: Context[Services, Any] | None = None
    ) -> CallToolResult | InputRequiredResult:
        """Call a tool, if there is one of this name."""
        if name in self.hidden:
            return failure(ReadOnly())
        if name not in self.offered:
            return failure(unknown_name("tool", name, self.offered))
        return await super().call_tool(name, arguments, context)

    async def get_prompt(
        self, name: str, arguments: dict[str, Any] | None = None, context: Context[Services, Any] | None = None
    ) -> GetPromptResult | InputRequiredResult:
        """Fill in a prompt, if there is one of this name and it has what it needs."""
        try:
            given = checked(await self.list_prompts(), name, arguments or {})
        except (NotFound, InvalidArguments) as error:
            raise protocol_error(error) from error
        return await super().get_prompt(name, given, context)

    async def read_resource(
        self, uri: AnyUrl | str, context: Context[Services, Any] | None = None
    ) -> Iterable[ReadResourceContents] | InputRequiredResult:
        """Read a resource, if there is one at this address."""
        try:
            return await super().read_resource(uri, context)
        except ResourceNotFoundError as error:
            hint = "`resources/list` and `resources/templates/list` give those that there are."
            raise protocol_error(NotFound("There is no resource of this address.", hint=hint)) from error
