"""What a start loads: nothing that only a sign-in, a sandbox, a keyring or an operator needs."""

import subprocess
import sys

import pytest

LATER = (
    "jinja2",
    "keyring",
    "playwright",
    "prometheus_client",
    "redis",
    "rememberizer_mcp.server.http",
    "rememberizer_mcp.server.loopback",
    "rememberizer_mcp.server.sandbox",
    "rememberizer_mcp.server.signin.actions",
    "rememberizer_mcp.server.signin.pages",
    "rememberizer_mcp.server.signin.site",
)
SCRIPT = """
import sys, anyio
from mcp import Client
from rememberizer_mcp.server.app import build_server
from rememberizer_mcp.server.settings.settings import Settings

async def main():
    async with Client(build_server(Settings())) as client:
        await client.list_tools()
        await client.call_tool("session_status", {})

anyio.run(main)
print(*sys.modules)
"""


@pytest.mark.promise("sign-in:start:not-imported", "hosting:metrics:off")
def test_nothing_of_the_browser_sign_in_is_imported_at_start() -> None:
    loaded = set(subprocess.check_output([sys.executable, "-c", SCRIPT], text=True).split())
    assert "rememberizer_mcp.tools.base.sign_in" in loaded
    assert loaded.isdisjoint(LATER)
