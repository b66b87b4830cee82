"""The README tells the truth: it is short, and shows what is shipped."""

import json
from pathlib import Path

import pytest
from rememberizer_mcp.server import __version__

from tests.docs.page import blocks

ROOT = Path(__file__).parents[1]
MOST_LINES = 150
README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.promise("repository:pages:readme-runs")
def test_the_host_blocks_are_the_shipped_file_with_one_server_each() -> None:
    shipped = json.loads((ROOT / "mcp.json").read_text(encoding="utf-8"))["mcpServers"]
    one_each = [{"mcpServers": {name: block}} for name, block in shipped.items()]
    assert [json.loads(block) for block in blocks(README, "json")] == one_each


@pytest.mark.promise("repository:pages:readme-runs")
def test_the_two_commands_come_first_and_the_readme_is_short() -> None:
    commands = [line for block in blocks(README, "sh") for line in block.splitlines()]
    assert commands[:2] == ["make demo", "make test"]
    assert len(README.splitlines()) < MOST_LINES


def test_the_changelog_has_this_version() -> None:
    assert f"## [{__version__}]" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
