"""The page of a person elsewhere at a real process, and what that process writes while they sign in."""

import pytest
from anyio import to_thread

from tests.support.agent import ADA, ERAS, Era
from tests.support.authorized import client_of
from tests.support.hosted import RemoteBrowser
from tests.support.http_server import http_server, upstream_over_http
from tests.support.issuer import OURS
from tests.support.issuer_people import peoples_issuer
from tests.support.ports import free_port
from tests.support.upstream import usual


@pytest.mark.parametrize("era", ERAS)
@pytest.mark.promise("page:remote:owner-only", "page:remote:no-secret")
async def test_a_served_process_opens_the_page_for_its_own_person_and_writes_no_secret(era: Era) -> None:
    port, secret = free_port(), OURS.client_secret.get_secret_value()
    url = f"http://127.0.0.1:{port}"
    async with peoples_issuer() as issuer, upstream_over_http(usual()) as base_url:
        settings = {
            "PUBLIC_URL": url,
            "ISSUER": issuer.url,
            "ISSUER_CLIENT_ID": OURS.client_id,
            "ISSUER_CLIENT_SECRET": secret,
            "BASE_URL": base_url,
            "LOG_LEVEL": "debug",
        }
        async with http_server("--port", str(port), **settings) as server:
            token = await issuer.token("ada", "desktop", resource=f"{url}/mcp")
            async with client_of(f"{url}/mcp", token, era) as (client, _):
                pending = (await client.call_tool("login", {})).structured_content or {}
                link = pending["sign_in_url"]
                grace, ada = RemoteBrowser("grace"), RemoteBrowser("ada")
                made_up = await ada.open(f"{url}/sign-in/{'A' * 43}")
                assert (await grace.open(link)).text == made_up.text
                assert pending["confirm_code"] in (await ada.open(link)).text
                assert "You are signed in" in (await ada.send(link, form="sign_in", **ADA)).text
                status = (await client.call_tool("session_status", {})).structured_content or {}
                assert status["email"] == ADA["email"]
            server.process.popen.terminate()
            written = (await to_thread.run_sync(server.process.popen.communicate))[1].decode()
    assert "somebody else signed in at the issuer" in written
    for canary in (*issuer.given, secret, ADA["password"], token, link.rpartition("/")[2]):
        assert canary not in written
