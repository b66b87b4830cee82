"""The MCP Inspector's command line on a server over HTTP: one of this machine, and one that asks for tokens."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from anyio.to_thread import run_sync as in_thread

from tests.interop.client import COMMANDS as CLIENTS
from tests.interop.provider import COMMANDS as ISSUERS
from tests.interop.provider import Provider
from tests.interop.run import LONGEST_SECONDS, environment
from tests.interop.test_inspector import COMMAND, REVISIONS
from tests.support.http_server import http_process, http_server
from tests.support.ports import free_port

COMMANDS = (*CLIENTS, *ISSUERS)
pytestmark = [
    pytest.mark.promise("package:clients:others"),
    pytest.mark.needs(*COMMANDS),
    pytest.mark.parametrize("era", REVISIONS),
]
REFUSED = 3
"""The exit code where the server asks for a token."""


def inspect(url: str, era: str, folder: Path, *given: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [*COMMAND, url, "--transport", "http", "--protocol-era", era, "--format", "json", "--stored-auth-only", *given],
        capture_output=True,
        text=True,
        check=False,
        timeout=LONGEST_SECONDS,
        env=environment(folder),
    )


def status(done: "subprocess.CompletedProcess[str]") -> Any:
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)["result"]["structuredContent"]


CALL = ("--method", "tools/call", "--tool-name", "session_status")


def test_the_inspector_lists_the_tools_and_calls_one(era: str, tmp_path: Path) -> None:
    with http_process("--sandbox") as server:
        listed = inspect(server.url, era, tmp_path, "--method", "tools/list", "--strict")
        assert "\n0 errors, " in listed.stderr
        assert {"login", "search"} <= {tool["name"] for tool in json.loads(listed.stdout)["result"]["tools"]}
        assert status(inspect(server.url, era, tmp_path, *CALL))["state"] == "signed_out"


@pytest.mark.promise("authorization:tokens:identity")
async def test_it_calls_one_with_a_token_in_a_header_and_none_without(
    era: str, issuer: Provider, tmp_path: Path
) -> None:
    port = free_port()
    async with http_server("--port", str(port), ISSUER=issuer.url, PUBLIC_URL=f"http://127.0.0.1:{port}") as server:
        header = f"Authorization: Bearer {await issuer.token(resource=server.url)}"
        assert (await in_thread(inspect, server.url, era, tmp_path, *CALL)).returncode == REFUSED
        done = await in_thread(inspect, server.url, era, tmp_path, *CALL, "--header", header)
    assert status(done)["state"] == "signed_out"
