"""``Server``: the SDK's server with our tools, prompts and resources, and the edge at which failures become answers."""

import logging
from collections.abc import Iterable, Sequence
from typing import Any

from mcp.server.lowlevel.helper_types import ReadResourceContents
from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.exceptions import ResourceError, ResourceNotFoundError
from mcp_types import CallToolResult, GetPromptResult, InputRequiredResult
from pydantic import AnyUrl

from ..server.errors import InternalError, InvalidArguments, NotFound, ReadOnly, RememberizerError
from ..server.meter import Meter
from ..server.settings.settings import Settings
from .auth.card import SignInCard
from .base.arguments import unknown_name
from .base.caller import InputNeeded
from .base.contract import ContractTool
from .base.failures import failure, protocol_error
from .base.services import Services
from .resources.completion import complete
from .resources.prompts import checked, prompts
from .resources.resources import add_resources
from .toolsets import chosen, is_hidden

logger = logging.getLogger(__name__)

_TRACING = "OpenTelemetryMiddleware"
"""The SDK's, whose traces hold the texts of errors, such as the link of a sign-in page. It costs 5 % of a call, too.

The class is in a private module; the SDK documents that it may be left out (mcp 2.3.0).
"""


class Server(MCPServer[Services]):
    """What ``build_server`` makes.

    Args:
        settings: What the server was told.
        more_tools: Tools of the embedding program, listed after ours.
        names_sessions: Whether the tools list ``session``, since a client can have several.
        meter: Is told of each call of a tool that there is, also if it is hidden.
        options: Those of the SDK's server.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        more_tools: Sequence[ContractTool],
        names_sessions: bool,
        meter: Meter,
        **options: Any,
    ) -> None:
        every = chosen(settings, more_tools)
        if names_sessions:
            every = [tool.naming_its_session() for tool in every]
        tools = [tool for tool in every if not is_hidden(tool, settings)]
        extensions = [SignInCard()] if "auth" in settings.toolsets else []
        super().__init__("rememberizer-mcp", tools=[*tools], extensions=extensions, **options)
        self.middleware[:] = [each for each in self.middleware if type(each).__name__ != _TRACING]
        self.offered = tuple(tool.name for tool in tools)
        self._meter = meter
        self.hidden = frozenset(tool.name for tool in every).difference(self.offered)
        for prompt in prompts(settings):
            self.add_prompt(prompt)
        add_resources(self, settings)
        self.completion()(complete)  # type: ignore[no-untyped-call]  # the SDK's decorator has no types

    async def call_tool(
        self, name: str, arguments: dict[str, Any], context: Context[Services, Any] | None = None
    ) -> CallToolResult | InputRequiredResult:
        """Call a tool, if there is one of this name."""
        if name not in self.offered and name not in self.hidden:
            return failure(unknown_name("tool", name, self.offered), offered=self.offered, tool=name)
        began, code = self._meter.now(), "cancelled"
        try:
            if name in self.hidden:
                raise ReadOnly
            result = await super().call_tool(name, arguments, context)
            code = "input_required" if isinstance(result, InputRequiredResult) else "ok"
        except RememberizerError as error:
            code, result = error.code, failure(error, offered=self.offered, tool=name)
        finally:
            self._meter.called(name, code, since=began)
        return result

    async def get_prompt(
        self, name: str, arguments: dict[str, Any] | None = None, context: Context[Services, Any] | None = None
    ) -> GetPromptResult | InputRequiredResult:
        """Fill in a prompt, if there is one of this name and it has what it needs."""
        try:
            given = checked(await self.list_prompts(), name, arguments or {})
        except (NotFound, InvalidArguments) as error:
            raise protocol_error(error, offered=self.offered) from error
        return await super().get_prompt(name, given, context)

    async def read_resource(
        self, uri: AnyUrl | str, context: Context[Services, Any] | None = None
    ) -> Iterable[ReadResourceContents] | InputRequiredResult:
        """Read a resource, if there is one at this address."""
        try:
            return await super().read_resource(uri, context)
        except ResourceError as error:
            if isinstance(error.__cause__, InputNeeded):
                return error.__cause__.result
            raise protocol_error(_of_resource(error), offered=self.offered, uri=str(uri)) from error


def _of_resource(error: ResourceError) -> RememberizerError:
    """Our error for the SDK's, whose cause is what the resource raised."""
    if isinstance(error, ResourceNotFoundError):
        there = "`resources/list` and `resources/templates/list` give those that there are."
        return NotFound("There is no resource of this address.", repair=there)
    if isinstance(error.__cause__, RememberizerError):
        logger.info("a resource failed: %s", error.__cause__.code)
        return error.__cause__
    logger.error("a resource crashed", exc_info=error)
    return InternalError()
