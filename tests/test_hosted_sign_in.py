"""The sign-in of people elsewhere as they and their agents live it: over HTTP, in both eras, to the end."""

import json
import logging
from functools import partial

import anyio
import pytest

from tests.support.agent import ADA, ERAS, GRACE, Era
from tests.support.hosted import RemoteBrowser, hosted
from tests.support.issuer import OURS
from tests.support.issuer_people import peoples_issuer
from tests.support.two_accounts import upstream_of_both

each_era = pytest.mark.parametrize("era", ERAS)


@each_era
@pytest.mark.promise("page:remote:owner-only", "sessions:handle:never-anothers")
async def test_each_person_signs_in_at_their_own_page_and_sees_their_own_account(era: Era) -> None:
    async with peoples_issuer() as issuer, hosted(issuer, upstream_of_both()) as server:
        for person, account in (("ada", ADA), ("grace", GRACE)):
            async with server.agent(person, era=era) as agent:
                url = (await agent.call("login"))["sign_in_url"]
                browser = RemoteBrowser(person)
                await browser.open(url)
                assert "You are signed in" in (await browser.send(url, form="sign_in", **account)).text
        for person, account in (("ada", ADA), ("grace", GRACE)):
            async with server.agent(person, era=era) as agent:
                assert (await agent.call("session_status"))["email"] == account["email"]


@each_era
@pytest.mark.promise("page:remote:goes-on")
async def test_a_client_that_drops_its_connection_while_the_person_signs_in_finds_the_sign_in_done(era: Era) -> None:
    async with peoples_issuer() as issuer, hosted(issuer, patience_seconds=20) as server:
        async with server.agent(era=era) as agent:
            url = (await agent.call("login"))["sign_in_url"]
            waits, heard = anyio.Event(), []

            async def hear(progress: float, total: float | None, message: str | None) -> None:
                heard.append((progress, total, message))
                waits.set()

            async with anyio.create_task_group() as tasks:
                tasks.start_soon(partial(agent.client.call_tool, "login", {}, progress_callback=hear))
                await waits.wait()
                tasks.cancel_scope.cancel()
            assert heard[0][1:] == (20, "Waiting for the user to sign in.")
        ada = RemoteBrowser("ada")
        await ada.open(url)
        assert "You are signed in" in (await ada.send(url, form="sign_in", **ADA)).text
        async with server.agent(era=era) as anew:
            assert (await anew.call("login"))["state"] == "signed_in"


@each_era
@pytest.mark.promise("page:remote:goes-on")
async def test_so_does_one_that_begins_anew_beside_its_old_connection(era: Era) -> None:
    async with peoples_issuer() as issuer, hosted(issuer) as server, server.agent(era=era) as old:
        url = (await old.call("login"))["sign_in_url"]
        ada = RemoteBrowser("ada")
        await ada.open(url)
        async with server.agent(era=era) as anew:
            assert (await anew.call("session_status"))["sign_in_url"] == url
            await ada.send(url, form="sign_in", **ADA)
            assert (await anew.call("session_status"))["state"] == "signed_in"
        assert (await old.call("session_status"))["state"] == "signed_in"


@each_era
@pytest.mark.promise("page:remote:no-secret", "page:person:credentials-stay-here")
async def test_nothing_secret_of_a_sign_in_is_in_a_page_a_result_or_the_log(
    era: Era, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger="rememberizer_mcp")
    ada, grace = RemoteBrowser("ada"), RemoteBrowser("grace")
    async with peoples_issuer() as issuer, hosted(issuer) as server, server.agent(era=era) as agent:
        url = (await agent.call("login"))["sign_in_url"]
        for browser in (grace, ada):
            await browser.open(url)
        wrong = await ada.send(url, form="sign_in", email=ADA["email"], password="")
        assert wrong.status_code == 422
        await ada.send(url, form="sign_in", **ADA)
        await ada.open(url)
        results = [await agent.call("login"), await agent.call("session_status")]
    assert results[0]["state"] == "signed_in"
    log = "\n".join(record.getMessage() for record in caplog.records if record.name.startswith("rememberizer_mcp"))
    hers, theirs = ["\n".join(text for at, text in each.read if at == server.url) for each in (ada, grace)]
    secret = OURS.client_secret.get_secret_value()
    assert len(issuer.given) == 6
    for canary in (*issuer.given, secret, ADA["password"], "canary-access-token"):
        assert canary
        assert canary not in hers + theirs + log + json.dumps(results)
    ticket = url.rpartition("/")[2]
    assert ticket in hers
    assert ticket not in theirs + log + json.dumps(results)
    assert "opened for nobody" in log
