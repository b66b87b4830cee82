"""What a client would be told to do about an error, where every tool is there."""

from rememberizer_mcp.server.errors import RememberizerError
from rememberizer_mcp.server.settings.settings import Settings
from rememberizer_mcp.tools.base.failures import hint_of
from rememberizer_mcp.tools.toolsets import chosen

EVERY = tuple(tool.name for tool in chosen(Settings(toolsets="all")))


def hint(error: RememberizerError | type[RememberizerError], *, tool: str | None = None) -> str:
    """The hint of an error, or the usual one of a class."""
    return hint_of(error if isinstance(error, RememberizerError) else error(), offered=EVERY, tool=tool)
