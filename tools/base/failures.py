"""What a client is told of a failure: the one place where a repair becomes a sentence."""

from collections.abc import Iterable
from contextlib import suppress

from mcp import MCPError
from mcp_types import INTERNAL_ERROR, INVALID_PARAMS, CallToolResult, TextContent

from ...server.errors import InvalidArguments, NotFound, RememberizerError, Repair, SignInPending
from .schemas import ErrorBody

LATER = "Call again later."


def written(*repairs: Repair | str, offered: Iterable[str], tool: str | None = None) -> str:
    """The first of these repairs that names no tool which is not there, as a sentence.

    Args:
        repairs: The best first.
        offered: The names of the tools that are there.
        tool: Which one failed, if one did.

    >>> written(Repair("Call {login} first.", "Leave `session` out."), offered=["search"])
    'Leave `session` out.'
    """
    names = {name: f"`{name}`" for name in offered} | {"again": f"call `{tool}` again" if tool else "call again"}
    for repair in repairs:
        if isinstance(repair, str):
            return repair
        with suppress(KeyError):
            return repair.text.format_map({**names, **repair.values})
        if repair.otherwise:
            return repair.otherwise
    return LATER


def hint_of(error: RememberizerError, *, offered: Iterable[str], tool: str | None = None) -> str:
    """What repairs a failure, by its own repair or by that of its class; the arguments are those of ``written``."""
    return written(error.repair, type(error).repair, offered=offered, tool=tool)


def failure(error: RememberizerError, *, offered: Iterable[str], tool: str | None = None) -> CallToolResult:
    """The result of a failed call: code, sentence and hint as text, and all of it as structured content."""
    body = ErrorBody(
        code=error.code,
        message=error.message,
        hint=hint_of(error, offered=offered, tool=tool),
        retryable=error.retryable,
        retry_after_seconds=error.retry_after_seconds,
        status=error.status,
    )
    if isinstance(error, SignInPending):
        body.sign_in_url, body.confirm_code = error.sign_in_url, error.confirm_code
    return CallToolResult(
        content=[TextContent(type="text", text=f"{error} {body.hint}")],
        structured_content={"error": body.model_dump(mode="json", exclude_unset=True)},
        is_error=True,
    )


def protocol_error(error: RememberizerError, *, offered: Iterable[str], **beside: str) -> MCPError:
    """The failure where the protocol has no result for it: our error's form stands in ``data``, with what is beside."""
    is_theirs = isinstance(error, NotFound | InvalidArguments)
    data = {**(failure(error, offered=offered).structured_content or {}), **beside}
    message = f"{error} {hint_of(error, offered=offered)}"
    return MCPError(code=INVALID_PARAMS if is_theirs else INTERNAL_ERROR, message=message, data=data)
