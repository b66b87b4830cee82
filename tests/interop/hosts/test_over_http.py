"""Real chat hosts with a server over HTTP, which each adds by its own command or file."""

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from anyio.to_thread import run_sync as in_thread

from tests.interop.hosts.conversation import by_url, conversation
from tests.interop.hosts.home import Home
from tests.interop.hosts.table import CHAT_HOSTS, MCPORTER, NAME, ChatHost
from tests.interop.hosts.table import COMMANDS as HOSTS
from tests.interop.provider import COMMANDS as ISSUERS
from tests.interop.provider import Provider
from tests.interop.run import LONGEST_SECONDS
from tests.support.http_server import HttpServer, http_process, http_server
from tests.support.ports import free_port
from tests.support.process import running
from tests.support.visitor import Visitor

COMMANDS = (*HOSTS, *ISSUERS)
pytestmark = [
    pytest.mark.needs(*COMMANDS),
    pytest.mark.timeout(240),
    pytest.mark.promise("package:hosts:over-http"),
]


@pytest.fixture
def server() -> Iterator[HttpServer]:
    with http_process("--sandbox") as served:
        yield served


@pytest.mark.parametrize("host", CHAT_HOSTS, ids=lambda host: host.name)
def test_a_host_adds_a_url_offers_the_tools_and_calls_them(host: ChatHost, server: HttpServer, tmp_path: Path) -> None:
    with conversation(host, tmp_path, host.prompt, add=partial(by_url, server.url)) as talk:
        assert {"login", "search", "read_document"} <= set(talk.model.offered())
        assert "signed_out" in talk.model.call("session_status")
        assert "not_signed_in" in talk.model.call("search", query="tea")
        talk.end()


def test_mcporter_adds_a_url_lists_the_tools_and_calls_one(server: HttpServer, tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.write({})
    added = home.run([*MCPORTER, "config", "add", NAME, server.url, "--scope", "home"])
    assert added.returncode == 0, added.stderr
    (listed,) = json.loads(home.run([*MCPORTER, "list", "--json"]).stdout)["servers"]
    assert (listed["name"], listed["status"]) == (NAME, "ok")
    called = home.run([*MCPORTER, "call", f"{NAME}.session_status"])
    assert json.loads(called.stdout)["state"] == "signed_out"


@pytest.mark.promise("authorization:challenge:says-where", "authorization:tokens:identity")
async def test_mcporter_knows_the_url_alone_and_gets_its_token_from_the_issuer(
    issuer: Provider, tmp_path: Path
) -> None:
    """It finds the issuer, registers there, and sends its user to the browser."""
    port, home = free_port(), Home(tmp_path)

    def sign_in() -> None:
        with running("auth", NAME, "--no-browser", command=MCPORTER, environment=home.environment({})) as mcporter:
            with Visitor() as person:
                person.open(mcporter.line().decode().strip())
                person.press("Sign-in", login="ada", password="canary-password")
                person.press("Continue")
                assert "Authorization successful" in person.text
            assert mcporter.popen.wait(LONGEST_SECONDS) == 0

    async with http_server("--port", str(port), ISSUER=issuer.url, PUBLIC_URL=f"http://127.0.0.1:{port}") as server:
        entry = {"baseUrl": server.url, "auth": "oauth", "oauthScope": "openid notes"}
        home.write({".mcporter/mcporter.json": {"mcpServers": {NAME: entry}}})
        await in_thread(sign_in)
        called = await in_thread(home.run, [*MCPORTER, "call", f"{NAME}.session_status"])
    assert json.loads(called.stdout)["state"] == "signed_out"
