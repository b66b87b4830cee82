"""What people and models read of us: a text that speaks of a setting says which."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = sorted([*ROOT.glob("server/**/*.py"), *ROOT.glob("tools/**/*.py")])
A_SETTING = re.compile(r"\bsettings?\b")
ITS_NAME = re.compile(r"REMEMBERIZER_[A-Z]|\bPREFIX\b|\bvariable\(")
SAID_ALREADY = re.compile(r"proxy settings|Cursor's settings|settings\.md|is no setting|settings that are named above")
"""Settings of somebody else's, or those whose name stands before."""


def texts(source: str) -> Iterator[str]:
    """Each text with a space in it, as the code writes it; docstrings are for developers."""
    tree = ast.parse(source)
    docstrings = {node.value for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    parts = {part for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            yield ast.unparse(node)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in docstrings | parts:
            yield node.value


def vague(source: str) -> list[str]:
    """The texts that speak of a setting and name none; what stands in braces is no word of theirs."""
    return [
        text
        for text in texts(source)
        if A_SETTING.search(SAID_ALREADY.sub("", re.sub(r"\{.*?\}", "", text)))
        and " " in text
        and not ITS_NAME.search(text)
    ]


@pytest.mark.promise("tools:errors:name-the-setting")
@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_text_that_speaks_of_a_setting_names_it(path: Path) -> None:
    assert vague(path.read_text(encoding="utf-8")) == []


@pytest.mark.promise("tools:errors:name-the-setting")
@pytest.mark.parametrize("text", ["'Change the settings.'", "f'The setting {name} is wrong.'", "'A ' 'setting.'"])
def test_a_vague_text_is_found(text: str) -> None:
    assert len(vague(f"x = {text}")) == 1


@pytest.mark.parametrize(
    "text",
    ["'Set REMEMBERIZER_EMAIL, a setting.'", "f'{setting} is wrong.'", "'settings'", "f'{PREFIX}X is a setting'"],
)
def test_a_text_that_names_it_is_left_alone(text: str) -> None:
    assert vague(f"'A docstring about settings.'\nx = {text}") == []
