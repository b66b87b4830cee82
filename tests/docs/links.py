"""The README's one-click links, made of ``mcp.json``'s blocks.

Cursor takes a block as base64 (cursor.com/docs/mcp/install-links), VS Code takes it as JSON with its name
(code.visualstudio.com/docs/copilot/guides/mcp-developer-guide). GitHub shows no link of a scheme of theirs, so both
go by the products' own redirecting pages.
"""

import json
from base64 import b64encode
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

from tests.docs.markdown import table
from tests.docs.regions import ROOT

TITLES = {"rememberizer": "your account", "rememberizer-sandbox": "the sandbox, no account needed"}
"""What a block of ``mcp.json`` works on."""


def cursor_link(name: str, block: Mapping[str, Any]) -> str:
    """Opens Cursor, which asks whether to install the server."""
    query = {"name": name, "config": b64encode(_json(block).encode()).decode()}
    return f"https://cursor.com/en/install-mcp?{urlencode(query)}"


def vscode_link(name: str, block: Mapping[str, Any]) -> str:
    """The same for VS Code."""
    address = f"vscode:mcp/install?{quote(_json({'name': name, **block}), safe='')}"
    return f"https://insiders.vscode.dev/redirect?{urlencode({'url': address})}"


def links() -> str:
    """A table: a row for each host, a column for each block."""
    blocks = json.loads((ROOT / "mcp.json").read_text(encoding="utf-8"))["mcpServers"]
    made = {"Cursor": cursor_link, "VS Code": vscode_link}
    rows = [
        " | ".join([host, *(f"[install]({link(name, block)})" for name, block in blocks.items())])
        for host, link in made.items()
    ]
    return table(" | ".join(["", *(TITLES[name] for name in blocks)]), rows)


def _json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))
