"""The reference of the tools, from the schemas that hosts get."""

from collections.abc import Callable, Collection, Mapping
from functools import partial
from typing import Any

from rememberizer_mcp.server.settings.settings import Settings
from rememberizer_mcp.tools.auth.status import SessionStatus
from rememberizer_mcp.tools.base.content import FromDocuments
from rememberizer_mcp.tools.base.contract import ContractTool
from rememberizer_mcp.tools.base.schemas import output_schema
from rememberizer_mcp.tools.toolsets import BUILDERS

from tests.docs.markdown import table
from tests.docs.schema_words import fields, type_words

PAGE = "docs/tools.md"


def tools_overview() -> str:
    """The toolsets with their tools, each a link to its place on the page of tools, and its title."""
    rows = [f"`{toolset}` | " + "<br>".join(map(_linked, tools_of(toolset))) for toolset in BUILDERS]
    return table("toolset | tools", rows)


def tools_of(toolset: str) -> list[ContractTool]:
    """Its tools, as they are listed."""
    return BUILDERS[toolset](Settings())


def reference(toolset: str) -> str:
    """Every tool of a toolset: what it does, what it takes and what it returns."""
    return "\n\n".join(_tool(tool) for tool in tools_of(toolset))


def status_fields() -> str:
    """What the tools of ``auth`` return."""
    return _results(output_schema(SessionStatus))


def common_fields() -> str:
    """What every result with content of documents has."""
    return _results(output_schema(FromDocuments))


def tool_regions() -> Mapping[str, Callable[[], str]]:
    """One region for each toolset, and those that are shared."""
    each = {f"tools-{name}": partial(reference, name) for name in BUILDERS}
    return {**each, "tools": tools_overview, "session-status": status_fields, "common-fields": common_fields}


def _linked(tool: ContractTool) -> str:
    title = tool.title or ""
    return f"[`{tool.name}`]({PAGE}#{tool.name}): {title[:1].lower()}{title[1:]}"


def _tool(tool: ContractTool) -> str:
    return "\n\n".join([f"### `{tool.name}`", f"{tool.title}. {_hints(tool)}", f"> {tool.description}", *_tables(tool)])


def _hints(tool: ContractTool) -> str:
    hints = tool.annotations
    if hints is None or hints.read_only_hint:
        return "Changes nothing."
    if hints.destructive_hint:
        return "Deletes; hidden by `REMEMBERIZER_READ_ONLY`."
    return "Writes; hidden by `REMEMBERIZER_READ_ONLY`." if tool.writes else "Changes the session only."


def _tables(tool: ContractTool) -> list[str]:
    required = tool.parameters.get("required", [])
    rows = [
        f"`{name}`{' (required)' if name in required else ''} | {type_words(each)} | {each.get('description', '')}"
        for name, each in tool.parameters["properties"].items()
    ]
    arguments = table("argument | type | description", rows) if rows else "No arguments."
    return [arguments, _returned(tool)]


def _returned(tool: ContractTool) -> str:
    schema = tool.fn_metadata.output_schema or {}
    if schema == output_schema(SessionStatus):
        return "Returns the [session's status](#the-sessions-status)."
    shared = set(FromDocuments.model_fields)
    beside = ", beside the [common fields](#common-fields)" if shared <= set(schema["properties"]) else ""
    return f"Returns{beside}:\n\n{_results(schema, without=shared)}"


def _results(schema: Mapping[str, Any], without: Collection[str] = ()) -> str:
    rows = [
        f"`{path}` | {type_words(each)} | {each.get('description', '')}"
        for path, each in fields(schema)
        if path.partition(".")[0] not in {*without, "error"}
    ]
    return table("field | type | description", rows)
