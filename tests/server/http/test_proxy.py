"""``serve --http`` behind nginx, by the lines and commands of docs/hosting.md: what goes through, and what does not."""

import json
import os
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import anyio
import httpx
import psutil
import pytest
from anyio import to_thread

from tests.docs.page import blocks
from tests.support.agent import ADA, ERAS, Agent, Era
from tests.support.authorized import ask, bearer, client_of
from tests.support.browser import chromium, watched
from tests.support.http_server import HEADERS, HttpServer, http_server, upstream_over_http
from tests.support.issuer import OURS
from tests.support.issuer_people import PERSON, PeoplesServer, peoples_issuer
from tests.support.nginx import PAGE, Proxy, nginx
from tests.support.ports import free_port
from tests.support.process import LONGEST_SECONDS, initialize
from tests.support.two_accounts import upstream_of_both

pytestmark = [pytest.mark.needs("nginx"), pytest.mark.promise("hosting:proxy:page")]
AT_ONCE = {f"client_{each}_timeout 10s": f"client_{each}_timeout 200ms" for each in ("header", "body")}
BEGUN = b"POST /mcp HTTP/1.1\r\nHost"
MIB = 2**20


class Service(NamedTuple):
    """All that an operator set up, and its public URL."""

    url: str
    issuer: PeoplesServer
    server: HttpServer
    proxy: Proxy

    async def token(self) -> str:
        return await self.issuer.token("ada", "desktop", resource=f"{self.url}/mcp")

    @asynccontextmanager
    async def agent(self, era: Era) -> AsyncIterator[Agent]:
        """Ada's."""
        token, trust = await self.token(), self.proxy.trust
        async with client_of(f"{self.url}/mcp", token, era, trust=trust) as (client, _):
            listed = await client.list_tools()
            yield Agent(client, {tool.name: tool.output_schema for tool in listed.tools})

    async def ask(self, era: Era, **headers: str) -> httpx.Response:
        """The answer to Ada's first request with these headers."""
        shown = bearer(await self.token()) | headers
        return await ask(f"{self.url}/mcp", era, shown, trust=self.proxy.trust)


@asynccontextmanager
async def service(folder: Path, changes: Mapping[str, str] | None = None) -> AsyncIterator[Service]:
    port, upstream = free_port(), upstream_of_both()
    async with upstream_over_http(upstream) as base_url, peoples_issuer() as issuer:
        settings = {
            "PUBLIC_URL": f"https://127.0.0.1:{port}",
            "ISSUER": issuer.url,
            "ISSUER_CLIENT_ID": OURS.client_id,
            "ISSUER_CLIENT_SECRET": OURS.client_secret.get_secret_value(),
            "BASE_URL": base_url,
        }
        async with http_server(**settings) as server:
            server_port = urlsplit(server.origin).port or 0
            with nginx(folder, port=port, server_ports=[server_port], changes=changes) as proxy:
                yield Service(settings["PUBLIC_URL"], issuer, server, proxy)


async def test_clients_in_both_eras_use_the_tools(tmp_path: Path) -> None:
    async with service(tmp_path) as ours:
        for era in ERAS:
            async with ours.agent(era) as agent:
                assert (await agent.call("login", **ADA))["email"] == ADA["email"]
                assert (await agent.call("account"))["email"] == ADA["email"]
        assert "POST /mcp HTTP/1.1" in ours.proxy.access_log
        kept = psutil.Process(ours.server.process.popen.pid).net_connections("tcp4")
        assert urlsplit(ours.server.origin).port in [each.laddr.port for each in kept if each.status == "ESTABLISHED"]


@pytest.mark.needs("chromium")
@pytest.mark.promise("page:remote:public-url")
async def test_a_person_signs_in_at_the_public_address_while_their_agent_hears_how_the_call_goes_on(
    tmp_path: Path,
) -> None:
    """The agent's call of 2025-11-25 is answered by a stream, whose first event has to come before the sign-in."""
    async with service(tmp_path) as ours, ours.agent("legacy") as agent, chromium() as browser:
        link = (await agent.call("login"))["sign_in_url"]
        assert link.startswith(f"{ours.url}/sign-in/")
        said, waits = list[dict[str, Any]](), anyio.Event()

        async def hear(progress: float, total: float | None, message: str | None) -> None:
            assert (progress < (total or 0), message) == (True, "Waiting for the user to sign in.")
            waits.set()

        async def wait() -> None:
            result = await agent.client.call_tool("login", {}, progress_callback=hear)
            said.append(result.structured_content or {})

        async with anyio.create_task_group() as tasks, watched(browser, ignore_https_errors=True) as profile:
            tasks.start_soon(wait)
            with anyio.fail_after(LONGEST_SECONDS):
                await waits.wait()
            await profile.context.add_cookies([{"name": PERSON, "value": "ada", "url": ours.issuer.url}])
            page = await profile.open(link)
            assert page.url == link
            await page.fill("[name=email]", ADA["email"])
            await page.fill("[name=password]", ADA["password"])
            await page.keyboard.press("Enter")
            await page.get_by_role("heading", name="You are signed in").wait_for()
            cookies = {each["name"]: each["secure"] for each in await profile.context.cookies(ours.url)}
        assert said[0]["email"] == ADA["email"]
        assert sorted(name[:15] for name in cookies if name != PERSON) == ["__Host-issuer_t", "__Host-sign_in-"]
        assert {urlsplit(url).netloc for url in profile.requests} == {
            urlsplit(url).netloc for url in (ours.url, ours.issuer.url)
        }
        assert "/sign-in/" not in ours.proxy.access_log


@pytest.mark.promise("hosting:http:host-and-origin")
async def test_another_host_or_origin_and_too_large_a_body_are_refused(tmp_path: Path) -> None:
    async with service(tmp_path) as ours:
        for era in ERAS:
            assert (await ours.ask(era)).status_code == 200
            assert (await ours.ask(era, Host="mcp.example.org")).status_code == 421
            assert (await ours.ask(era, Origin="https://evil.example")).status_code == 403
        headers = HEADERS | bearer(await ours.token())
        async with httpx.AsyncClient(trust_env=False, verify=ours.proxy.trust, timeout=LONGEST_SECONDS) as client:
            for size, status in ((4 * MIB - 1000, 200), (4 * MIB + 1000, 413)):
                content = json.dumps(initialize()).ljust(size)
                assert (await client.post(f"{ours.url}/mcp", content=content, headers=headers)).status_code == status


@pytest.mark.parametrize("sent", [BEGUN, BEGUN + b": a\r\nContent-Length: 9\r\n\r\n{"], ids=["header", "body"])
async def test_whoever_sends_a_header_or_a_body_slowly_is_cut_off(sent: bytes, tmp_path: Path) -> None:
    def hold(proxy: Proxy) -> bytes:
        """Send so much and no more; what comes until the other side ends it."""
        with (
            socket.create_connection(("127.0.0.1", proxy.port), LONGEST_SECONDS) as plain,
            proxy.trust.wrap_socket(plain, server_hostname="127.0.0.1") as connection,
        ):
            connection.sendall(sent)
            return b"".join(iter(lambda: connection.recv(1000), b""))

    with nginx(tmp_path, port=free_port(), server_ports=[free_port()], changes=AT_ONCE) as proxy:
        assert b" 200 " not in await to_thread.run_sync(hold, proxy)


@pytest.mark.needs("curl")
@pytest.mark.promise("hosting:proxy:tried")
async def test_the_pages_commands_bring_the_pages_answers(tmp_path: Path) -> None:
    async with service(tmp_path) as ours:
        page = PAGE.read_text(encoding="utf-8")
        for theirs, here in (("https://mcp.example.org", ours.url), ("https://id.example.org", ours.issuer.url)):
            page = page.replace(theirs, here)
        commands = [block for block in blocks(page, "sh") if ours.url in block]
        (tmp_path / "bearer").write_text(f"Authorization: Bearer {await ours.token()}\n")
        environment = os.environ | {"CURL_CA_BUNDLE": str(ours.proxy.authority)}
        for command, answer in zip(commands, (blocks(page, "text")[0], "200\n"), strict=True):
            done = await anyio.run_process(["sh", "-c", command], cwd=tmp_path, env=environment)
            assert done.stdout.decode() == answer
