"""The page of a person elsewhere at a real process, and what that process writes while they sign in."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import NamedTuple

import httpx
import pytest
from anyio import to_thread

from tests.support.agent import ADA, ERAS, Era
from tests.support.authorized import ask, bearer, client_of
from tests.support.hosted import RemoteBrowser
from tests.support.http_server import HttpServer, http_server, upstream_over_http
from tests.support.issuer import OURS
from tests.support.issuer_people import PeoplesServer, peoples_issuer
from tests.support.ports import free_port
from tests.support.upstream import usual

SECRET = OURS.client_secret.get_secret_value()


class Served(NamedTuple):
    """A process, its issuer, and an access token for Ada on her desktop."""

    server: HttpServer
    issuer: PeoplesServer
    token: str


@asynccontextmanager
async def served() -> AsyncIterator[Served]:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    async with peoples_issuer() as issuer, upstream_over_http(usual()) as base_url:
        settings = {
            "PUBLIC_URL": url,
            "ISSUER": issuer.url,
            "ISSUER_CLIENT_ID": OURS.client_id,
            "ISSUER_CLIENT_SECRET": SECRET,
            "BASE_URL": base_url,
            "LOG_LEVEL": "debug",
        }
        async with http_server("--port", str(port), **settings) as server:
            yield Served(server, issuer, await issuer.token("ada", "desktop", resource=server.url))


@pytest.mark.parametrize("era", ERAS)
@pytest.mark.promise("page:remote:owner-only", "page:remote:no-secret")
async def test_a_served_process_opens_the_page_for_its_own_person_and_writes_no_secret(era: Era) -> None:
    async with served() as (server, issuer, token):
        async with client_of(server.url, token, era) as (client, _):
            pending = (await client.call_tool("login", {})).structured_content or {}
            link = pending["sign_in_url"]
            grace, ada = RemoteBrowser("grace"), RemoteBrowser("ada")
            made_up = await ada.open(f"{server.origin}/sign-in/{'A' * 43}")
            assert (await grace.open(link)).text == made_up.text
            assert pending["confirm_code"] in (await ada.open(link)).text
            assert "You are signed in" in (await ada.send(link, form="sign_in", **ADA)).text
            status = (await client.call_tool("session_status", {})).structured_content or {}
            assert status["email"] == ADA["email"]
        server.process.popen.terminate()
        written = (await to_thread.run_sync(server.process.popen.communicate))[1].decode()
    assert "somebody else signed in at the issuer" in written
    for canary in (*issuer.given, SECRET, ADA["password"], token, link.rpartition("/")[2]):
        assert canary not in written


@pytest.mark.parametrize("era", ERAS)
@pytest.mark.promise("sign-in:elicitation:not-to-this-server")
async def test_who_has_been_at_the_page_is_nobody_to_the_server_without_a_token(era: Era) -> None:
    """The page signs a person in at Rememberizer, never a client at this server: neither stands in for the other."""
    ada = RemoteBrowser("ada")
    async with served() as (server, _, token), client_of(server.url, token, era) as (client, _):
        first = await ask(server.url, era, {})
        assert (first.status_code, first.content) == (401, b"")
        pending = (await client.call_tool("login", {})).structured_content or {}
        link, code = pending["sign_in_url"], pending["confirm_code"]

        async def are_nobody() -> None:
            cookies = [value for name, value in ada.cookies.items() if name.startswith("__Host-")]
            assert cookies
            shown = [*cookies, code, code.replace(" ", ""), link.rpartition("/")[2], pending["session"]]
            headers = [
                *map(bearer, shown),
                {"Cookie": "; ".join(f"{name}={each}" for name, each in ada.cookies.items())},
            ]
            assert [(await ask(server.url, era, each)).status_code for each in headers] == [401] * len(headers)
            assert (await ask(server.url, era, bearer(token))).status_code == 200

        await ada.open(link)
        await are_nobody()
        assert "You are signed in" in (await ada.send(link, form="sign_in", **ADA)).text
        await are_nobody()
    assert not [text for _, text in ada.read if token in text]


@pytest.mark.promise("sign-in:elicitation:not-to-this-server")
async def test_a_token_opens_no_page() -> None:
    async with served() as (server, issuer, token), client_of(server.url, token, "legacy") as (client, _):
        link = ((await client.call_tool("login", {})).structured_content or {})["sign_in_url"]
        async with httpx.AsyncClient(trust_env=False, headers=bearer(token)) as nobody:
            led = await nobody.get(link)
            assert (led.status_code, led.headers["Location"].partition("?")[0]) == (303, f"{issuer.url}/authorization")
            refused = await nobody.post(link, data={"form": "sign_in", **ADA}, headers={"Origin": server.origin})
        status = (await client.call_tool("session_status", {})).structured_content or {}
    assert "You are signed in" not in refused.text
    assert status["state"] == "pending"
