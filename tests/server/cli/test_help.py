"""``--help`` of every command: readable in 80 columns, and nothing is left unsaid."""

import re
from pathlib import Path

import click
import pytest
from rememberizer_mcp.server.cli.commands import main

from tests.snapshots.help import COLUMNS, contexts, help_of, help_of_all

SNAPSHOT = Path(__file__).parents[2] / "snapshots" / "help.txt"
each_command = pytest.mark.parametrize("context", list(contexts()), ids=lambda context: context.command_path)
pytestmark = pytest.mark.promise("cli:help:fits")


def test_the_help_is_the_reviewed_one() -> None:
    """``make snapshots`` writes it; read the diff."""
    assert help_of_all() == SNAPSHOT.read_text(encoding="utf-8")


@each_command
def test_no_line_is_wider_than_the_terminal_or_cut(context: click.Context) -> None:
    said = help_of(context).splitlines()[1:]
    assert max(map(len, said)) <= COLUMNS
    assert not [line for line in said if "..." in line and not line.startswith("Usage:")]


@each_command
def test_each_command_says_in_a_sentence_what_it_does(context: click.Context) -> None:
    first, _, _ = (context.command.help or "").partition("\n\n")
    assert first.endswith(".")
    assert first[0].isupper()


@each_command
def test_each_option_has_a_help_text(context: click.Context) -> None:
    for option in context.command.get_params(context):
        if isinstance(option, click.Option):
            assert (option.help or "").endswith("."), option.name


def test_the_examples_are_commands_that_exist() -> None:
    examples = re.findall(r"^ +rememberizer-mcp(?: ([a-z]+))?\b.*$", main.help or "", re.MULTILINE)
    assert len(examples) >= 3
    assert set(filter(None, examples)) <= set(main.commands)


def test_the_first_help_names_the_documentation() -> None:
    assert "docs/settings.md" in (main.help or "")
    assert "README.md" in (main.help or "")
