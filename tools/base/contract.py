"""``ContractTool``: what all our tools have in common, in place of the SDK's own argument and error handling.

Left to the SDK (measured with mcp 2.3.0), a rejected call echoes its arguments with the password in them, a string that
looks like JSON is parsed before it is validated, and an unknown argument is dropped in silence.
"""

import logging
from collections.abc import Awaitable, Callable
from typing import Any

from mcp import MCPError
from mcp.server.mcpserver import Context
from mcp.server.mcpserver.tools import Tool
from mcp.server.mcpserver.utilities.func_metadata import ArgModelBase, FuncMetadata
from mcp_types import INTERNAL_ERROR, INVALID_PARAMS, CallToolResult, InputRequiredResult, TextContent, ToolAnnotations
from pydantic import BaseModel, Field

from ...server.errors import InternalError, InvalidArguments, NotFound, RememberizerError, SignInPending
from .arguments import Arguments, learnable, parse
from .caller import InputNeeded
from .schemas import ErrorBody, input_schema
from .services import CallServices, Services
from .without_auth import fitting

logger = logging.getLogger(__name__)

Body = Callable[[CallServices, Any], Awaitable[BaseModel]]
"""A tool's work: services and validated arguments in, one result model out."""


class ContractTool(Tool):
    """A tool whose every answer is a result of ours: typed content, or one of our errors."""

    arguments: type[Arguments] = Field(exclude=True)
    writes: bool = Field(exclude=True)
    """Whether it changes what is stored at Rememberizer: signing in and out doesn't."""

    async def run(
        self,
        arguments: dict[str, Any],
        context: Context[Any, Any],
        convert_result: bool = False,  # noqa: ARG002, FBT001, FBT002 -- the signature is the SDK's
    ) -> CallToolResult | InputRequiredResult:
        """Validate, work, and answer; the call's strings are redacted from logs while it runs."""
        services: Services = context.request_context.lifespan_context
        with services.secrets.during(learnable(arguments) - set(self.arguments.model_fields)):
            try:
                call = services.for_call(context, writes=self.writes)
                return _success(await self.fn(call, parse(self.arguments, arguments)))
            except InputNeeded as question:
                return question.result
            except RememberizerError as error:
                logger.info("%s failed: %s", self.name, error.code)
                return failure(fitting(error, services.settings))
            except Exception:
                logger.exception("%s crashed", self.name)
                return failure(InternalError())


def tool(
    body: Body,
    *,
    arguments: type[Arguments],
    output: dict[str, Any],
    title: str,
    annotations: ToolAnnotations,
    writes: bool,
) -> ContractTool:
    """A tool from its body, whose name and docstring are what a model reads.

    Args:
        body: The tool's work.
        arguments: What it accepts.
        output: The ``output_schema`` of its result; tools with the same result share it, since making it takes time.
        title: For people.
        annotations: All four hints.
        writes: Whether it changes what is stored at Rememberizer.
    """
    return ContractTool(
        fn=body,
        name=getattr(body, "__name__", ""),
        title=title,
        description=" ".join((body.__doc__ or "").split()),
        parameters=input_schema(arguments),
        fn_metadata=FuncMetadata(arg_model=ArgModelBase, output_schema=output),
        is_async=True,
        annotations=annotations,
        arguments=arguments,
        writes=writes,
    )


def failure(error: RememberizerError) -> CallToolResult:
    """The result of a failed call: code, sentence and hint as text, and all of it as structured content."""
    body = ErrorBody(
        code=error.code,
        message=error.message,
        hint=error.hint,
        retryable=error.retryable,
        retry_after_seconds=error.retry_after_seconds,
        status=error.status,
    )
    if isinstance(error, SignInPending):
        body.sign_in_url, body.confirm_code = error.sign_in_url, error.confirm_code
    return CallToolResult(
        content=[TextContent(type="text", text=str(error))],
        structured_content={"error": body.model_dump(mode="json", exclude_unset=True)},
        is_error=True,
    )


def protocol_error(error: RememberizerError) -> MCPError:
    """The failure where the protocol has no result for it: our error's form stands in ``data``."""
    is_theirs = isinstance(error, NotFound | InvalidArguments)
    return MCPError(
        code=INVALID_PARAMS if is_theirs else INTERNAL_ERROR, message=str(error), data=failure(error).structured_content
    )


def _success(result: BaseModel) -> CallToolResult:
    return CallToolResult(
        content=[TextContent(type="text", text=result.model_dump_json())],
        structured_content=result.model_dump(mode="json"),
    )
