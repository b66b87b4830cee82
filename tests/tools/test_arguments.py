"""What no tool takes for a value of the kind that its schema names."""

from collections.abc import Iterator
from typing import Any

import pytest
from rememberizer_mcp.server.errors import InvalidArguments
from rememberizer_mcp.server.settings import Settings
from rememberizer_mcp.tools.arguments import parse
from rememberizer_mcp.tools.contract import ContractTool
from rememberizer_mcp.tools.toolsets import chosen

TOOLS = chosen(Settings(toolsets="all"))


def problems(tool: ContractTool, **arguments: Any) -> str:
    with pytest.raises(InvalidArguments) as refused:
        parse(tool.arguments, arguments)
    return refused.value.message


def fields(*kinds: str) -> Iterator[Any]:
    """Each argument of such a kind, or with items of one, and whether it is a list."""
    for tool in TOOLS:
        for name, schema in tool.parameters["properties"].items():
            is_list = schema.get("type") == "array"
            if (schema["items"] if is_list else schema).get("type") in kinds:
                yield pytest.param(tool, name, is_list, id=f"{tool.name}-{name}")


@pytest.mark.promise("D26")
@pytest.mark.parametrize(("tool", "name", "is_list"), [*fields("integer", "number")])
@pytest.mark.parametrize("truth", [True, False])
def test_a_truth_is_no_number(tool: ContractTool, name: str, is_list: bool, truth: bool) -> None:
    said = problems(tool, **{name: [truth] if is_list else truth})
    assert f"`{name}` must be a number, not true or false" in said
