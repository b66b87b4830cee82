"""More connections to the page's port than the process has descriptors: tools go on, and the log stays short."""

import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import anyio
import anyio.to_thread
import httpx
import pytest

from tests.server.sandbox.support import served
from tests.support.agent import ADA
from tests.support.person import visit
from tests.support.ports import ends, idle
from tests.support.process import SERVE, Process, clean_environment, modern, running

DESCRIPTORS = 100
WITH_FEW_DESCRIPTORS = (
    f"import os, resource, sys; resource.setrlimit(resource.RLIMIT_NOFILE, ({DESCRIPTORS}, {DESCRIPTORS})); "
    "os.execv(sys.argv[1], sys.argv[1:])"
)


async def call(server: Process, tool: str, **arguments: Any) -> dict[str, Any]:
    message = modern(len(server.lines), "tools/call", name=tool, arguments=arguments)
    answer = await anyio.to_thread.run_sync(server.ask, message)
    content: dict[str, Any] = answer["result"]["structuredContent"]
    return content


@pytest.mark.promise("page:port:flood")
async def test_a_thousand_idle_connections_keep_nobody_from_signing_in_or_calling_tools(tmp_path: Path) -> None:
    account = {**ADA, "captcha": "sandbox-captcha"}
    async with served(tmp_path) as sandbox, httpx.AsyncClient(base_url=sandbox.base_url, trust_env=False) as there:
        assert (await there.post("api/v1/auth/signup/", json=account)).status_code == 201
        environment = clean_environment(OPEN_BROWSER="never", BASE_URL=sandbox.base_url + "api/v1/")
        few = (sys.executable, "-c", WITH_FEW_DESCRIPTORS, *SERVE)
        with running(command=few, environment=environment) as server:
            url = (await call(server, "login"))["sign_in_url"]
            port = urlsplit(url).port
            assert port is not None
            with anyio.fail_after(60):
                async with idle(("127.0.0.1", port), 1_031) as clients:
                    assert await ends(clients[0])
                    assert (await visit(url)).status_code == 200
                    assert (await call(server, "login", **account))["state"] == "unverified"
                    assert "matches" in await call(server, "search", query="tea")
            _, code, _, log = await anyio.to_thread.run_sync(server.end_input)
    assert code == 0
    assert log.count(b"\n") <= 2, log[:2000]
