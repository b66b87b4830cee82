"""The examples in docstrings do what they say, and whoever uses a class learns by one, or by what it raises."""

import ast
import doctest
from importlib import import_module
from pathlib import Path

import pytest

from tests.support.house import SOURCES, module_of

OPTIONS = doctest.ELLIPSIS | doctest.IGNORE_EXCEPTION_DETAIL
EXAMPLES = [path for path in SOURCES if ">>> " in path.read_text(encoding="utf-8")]
PUBLIC = [path for path in SOURCES if module_of(path).startswith(("server.api.", "server.sessions.", "tools.base."))]


@pytest.mark.parametrize("path", EXAMPLES, ids=module_of)
def test_an_example_does_what_it_says(path: Path) -> None:
    found = doctest.testmod(import_module(f"rememberizer_mcp.{module_of(path)}"), optionflags=OPTIONS)
    assert found.attempted
    assert not found.failed


@pytest.mark.parametrize("path", PUBLIC, ids=module_of)
def test_a_class_with_methods_has_an_example_or_says_what_it_raises(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    for node in ast.parse(text).body:
        if isinstance(node, ast.ClassDef) and has_methods(node):
            shown = ast.get_source_segment(text, node) or ""
            assert ">>> " in shown or "Raises:" in shown, node.name


def has_methods(node: ast.ClassDef) -> bool:
    """Whether it has public methods of its own; a protocol has none, and neither has an exception."""
    if node.name.startswith("_") or {"Protocol", "Exception"} & {ast.unparse(base) for base in node.bases}:
        return False
    methods = [each for each in node.body if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)]
    return any(not each.name.startswith("_") and not each.decorator_list for each in methods)
