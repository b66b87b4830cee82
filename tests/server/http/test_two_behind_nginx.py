"""Two processes behind nginx, by the lines of docs/hosting.md for two: who is asked when one of them is gone."""

import signal
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

import anyio
import httpx
import pytest

from tests.support.agent import ADA
from tests.support.authorized import MODERN, ask, bearer, post
from tests.support.http_server import upstream_over_http
from tests.support.issuer import issuing
from tests.support.nginx import Proxy, nginx
from tests.support.ports import free_port
from tests.support.process import modern
from tests.support.replicas import Replica, replicas
from tests.support.upstream import FakeUpstream, Slow, reply, tokens, usual

pytestmark = [pytest.mark.needs("nginx"), pytest.mark.promise("hosting:replicas:nginx")]
SIGN_IN = "auth/signin/"
LOGIN = modern(1, "tools/call", name="login", arguments=ADA)
CALLS = {"MCP-Protocol-Version": MODERN, "MCP-Method": "tools/call", "MCP-Name": "login"}


class Service(NamedTuple):
    """Two processes that don't share anything, and a token for Ada."""

    url: str
    processes: Sequence[Replica]
    proxy: Proxy
    token: str

    async def list_tools(self) -> int:
        """The status of the answer."""
        return (await ask(self.url, "2026-07-28", bearer(self.token), trust=self.proxy.trust)).status_code

    async def login(self) -> httpx.Response:
        return await post(self.url, LOGIN, CALLS | bearer(self.token), trust=self.proxy.trust)


@asynccontextmanager
async def service(folder: Path, upstream: FakeUpstream) -> AsyncIterator[Service]:
    port = free_port()
    public = f"https://127.0.0.1:{port}"
    async with issuing() as issuer, upstream_over_http(upstream) as base_url:
        token = issuer.signed(aud=f"{public}/mcp")
        async with replicas(2, PUBLIC_URL=public, ISSUER=issuer.url, BASE_URL=base_url) as processes:
            ports = [each.port for each in processes]
            with nginx(folder, port=port, server_ports=ports) as proxy:
                yield Service(f"{public}/mcp", processes, proxy, token)


@pytest.mark.parametrize(("gone", "by"), [(0, signal.SIGTERM), (1, signal.SIGKILL)])
async def test_whichever_process_is_gone_the_other_one_answers(gone: int, by: signal.Signals, tmp_path: Path) -> None:
    async with service(tmp_path, usual()) as ours:
        statuses = [await ours.list_tools() for _ in range(4)]
        await ours.processes[gone].stop(by)
        statuses += [await ours.list_tools() for _ in range(4)]
    assert statuses == [200] * 8


async def test_a_request_that_was_sent_to_a_process_which_is_then_killed_is_not_sent_again(tmp_path: Path) -> None:
    signing_in = Slow(reply(cookies=tokens()))
    upstream = usual(signin=signing_in)
    said: list[Any] = []
    async with service(tmp_path, upstream) as ours, anyio.create_task_group() as tasks:

        async def log_in() -> None:
            said.append((await ours.login()).status_code)

        tasks.start_soon(log_in)
        await signing_in.asked.wait()
        await ours.processes[0].stop(signal.SIGKILL)  # nginx asks the first one first
        signing_in.answers.set()
        said.append(await ours.list_tools())
    assert sorted(said) == [200, 502]
    assert len(upstream.asked(SIGN_IN)) == 1
