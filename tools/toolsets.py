"""Which tools a server has: the toolsets of its settings, without those that write where it only reads."""

from collections.abc import Callable, Mapping, Sequence

from ..server.settings import Settings
from . import auth, knowledge, mementos, vector_stores
from .contract import ContractTool

BUILDERS: Mapping[str, Callable[[Settings], list[ContractTool]]] = {
    "auth": auth.toolset,
    "knowledge": knowledge.toolset,
    "mementos": mementos.toolset,
    "vector_stores": vector_stores.toolset,
}
"""One builder for each name in ``REMEMBERIZER_TOOLSETS``."""


def chosen(settings: Settings, more: Sequence[ContractTool] = ()) -> list[ContractTool]:
    """Every tool of the chosen toolsets, hidden ones too, in the order in which they are listed."""
    return [*(tool for name in settings.toolsets if name in BUILDERS for tool in BUILDERS[name](settings)), *more]


def is_hidden(tool: ContractTool, settings: Settings) -> bool:
    """Whether read-only takes the tool away; signing in and out stays, signing up doesn't."""
    return settings.read_only and tool.writes
