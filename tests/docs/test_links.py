"""The one-click links, taken apart as the two editors do it."""

import base64
import json
import re
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from tests.docs.links import links
from tests.docs.regions import ROOT

BLOCKS: dict[str, dict[str, Any]] = json.loads((ROOT / "mcp.json").read_text(encoding="utf-8"))["mcpServers"]


def queries(page: str) -> list[dict[str, str]]:
    """What each link to that page asks for."""
    found = [urlsplit(link) for link in re.findall(r"\((https://[^)\s]+)\)", links())]
    return [
        {name: value for name, (value,) in parse_qs(link.query, strict_parsing=True).items()}
        for link in found
        if link.netloc + link.path == page
    ]


@pytest.mark.promise("package:links:one-click")
def test_cursors_links_hold_the_blocks_of_mcp_json() -> None:
    found = queries("cursor.com/en/install-mcp")
    assert {each["name"]: json.loads(base64.b64decode(each["config"], validate=True)) for each in found} == BLOCKS


@pytest.mark.promise("package:links:one-click")
def test_vs_codes_links_hold_the_blocks_of_mcp_json() -> None:
    found = {}
    for each in queries("insiders.vscode.dev/redirect"):
        scheme, _, encoded = each["url"].partition("?")
        assert scheme == "vscode:mcp/install"
        block = json.loads(unquote(encoded))
        found[block.pop("name")] = block
    assert found == BLOCKS
