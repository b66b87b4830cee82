"""Which tools a server has: the toolsets of its settings, without those that write where it only reads."""

from collections.abc import Callable, Mapping, Sequence

from ..server.settings.settings import Settings
from .auth import toolset as auth
from .base.contract import ContractTool
from .knowledge import toolset as knowledge


def _mementos(settings: Settings) -> list[ContractTool]:
    from . import mementos  # noqa: PLC0415 -- importing it takes time, and is for those who chose it

    return mementos.toolset(settings)


def _vector_stores(settings: Settings) -> list[ContractTool]:
    from .vector_stores import toolset as vector_stores  # noqa: PLC0415 -- as above

    return vector_stores.toolset(settings)


BUILDERS: Mapping[str, Callable[[Settings], list[ContractTool]]] = {
    "auth": auth.toolset,
    "knowledge": knowledge.toolset,
    "mementos": _mementos,
    "vector_stores": _vector_stores,
}
"""One builder for each name in ``REMEMBERIZER_TOOLSETS``."""


def chosen(settings: Settings, more: Sequence[ContractTool] = ()) -> list[ContractTool]:
    """Every tool of the chosen toolsets, hidden ones too, in the order in which they are listed."""
    return [*(tool for name in settings.toolsets for tool in BUILDERS[name](settings)), *more]


def is_hidden(tool: ContractTool, settings: Settings) -> bool:
    """Whether read-only takes the tool away; signing in and out stays, signing up doesn't."""
    return settings.read_only and tool.writes
