"""The tables that repeat what the code says: tools, settings and errors."""

from typing import Any

from rememberizer_mcp.server.errors import RememberizerError
from rememberizer_mcp.server.settings import SECRETS, Settings, variable
from rememberizer_mcp.tools.toolsets import BUILDERS


def table(head: str, rows: list[str]) -> str:
    """A Markdown table; head and rows are cells with bars between them."""
    columns = head.count("|") + 1
    return "\n".join([f"| {head} |", "|" + "---|" * columns, *(f"| {row} |" for row in rows)])


def tools_table() -> str:
    """Each tool of each toolset, with its arguments."""
    rows = [
        f"`{toolset}` | `{tool.name}` | {', '.join(f'`{name}`' for name in tool.parameters['properties'])} "
        f"| {tool.title}"
        for toolset, builder in BUILDERS.items()
        for tool in builder(Settings())
    ]
    return table("toolset | tool | arguments | what it does", rows)


def settings_table() -> str:
    """Each setting, with its default."""
    rows = [
        f"`{variable(name)}`{', `…_FILE`' if name in SECRETS else ''} | {shown_default(field.default)} "
        f"| {field.description}"
        for name, field in Settings.model_fields.items()
        if name != "sandbox"
    ]
    return table("name | default | what it is for", rows)


def errors_table() -> str:
    """Each error code, in the order of the tree."""
    rows = [
        f"`{each.code}` | {each.sentence} | {'yes' if each.retryable else 'no'}" for each in codes(RememberizerError)
    ]
    return table("code | cause | try again?", rows)


def shown_default(value: Any) -> str:
    """A setting's default as somebody would write it."""
    match value:
        case None | ():
            return ""
        case bool():
            return "`on`" if value else "`off`"
        case tuple():
            return f"`{','.join(value)}`"
        case _:
            return f"`{value}`"


def codes(base: type[RememberizerError]) -> list[type[RememberizerError]]:
    """The classes with a code of their own, in the order of the tree."""
    found = [base] if "code" in vars(base) else []
    return found + [each for child in base.__subclasses__() for each in codes(child)]
