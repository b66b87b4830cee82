"""The OAuth sign-in end to end: a real server over stdio, the sandbox's consent page, and a person between them."""

import re
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import anyio.to_thread
import httpx
import pytest
from playwright.async_api import expect
from rememberizer_mcp.server.api.oauth import pkce_challenge
from rememberizer_mcp.server.sandbox.config import SANDBOX_CAPTCHA, SANDBOX_OAUTH_CLIENT_ID, SANDBOX_OAUTH_CLIENT_SECRET

from tests.support.browser import chromium, watched
from tests.support.host import Host, host
from tests.support.http_sandbox import newest_code
from tests.support.process import clean_environment
from tests.support.visitor import Visitor

EMAIL, PASSWORD = "ada@example.org", "canary-password-ada"
CREDENTIALS = {"login": EMAIL, "password": PASSWORD}
CALLBACK = "/oauth/callback"
TO_CONSENT = "Continue to Rememberizer"
ACCESS_SECONDS = "20"
"""Less than is left when a renewal is due, so that every call renews first."""


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    settings = clean_environment(
        OAUTH_CLIENT_ID=SANDBOX_OAUTH_CLIENT_ID,
        OAUTH_CLIENT_SECRET=SANDBOX_OAUTH_CLIENT_SECRET,
        OAUTH_PORT=port,
        OPEN_BROWSER="never",
        LOG_LEVEL="debug",
    )
    return settings | {"XDG_RUNTIME_DIR": str(tmp_path)}


@contextmanager
def with_an_account(environment: Mapping[str, str]) -> Iterator[Host]:
    """A server whose sandbox knows Ada, who is signed out."""
    with host("--sandbox", "--access-seconds", ACCESS_SECONDS, environment=environment) as server:
        server.call("signup", email=EMAIL, password=PASSWORD, name="Ada", captcha=SANDBOX_CAPTCHA)
        server.call("verify", verification_code=newest_code(Path(environment["XDG_RUNTIME_DIR"])))
        server.call("logout")
        yield server


@contextmanager
def at_the_consent_page(server: Host) -> Iterator[Visitor]:
    """A person who followed the link, and signed in where it led."""
    status = server.call("login")
    assert status["state"] == "pending"
    with Visitor() as person:
        person.open(status["sign_in_url"])
        assert status["confirm_code"] in person.text
        assert re.findall(r"<button[^>]*>([^<]*)<", person.text) == [TO_CONSENT, "Cancel"]
        person.press(TO_CONSENT)
        assert person.press("Sign in", **CREDENTIALS).status_code == 200
        yield person


def assert_unspoken(printed: str, person: Visitor) -> None:
    """Neither what the person's browser carried about, nor the verifier that only its challenge tells of."""
    carried = [value for url in person.trail for name, value in url.params.multi_items() if name in ("code", "state")]
    assert len(carried) > 2
    secret = [*carried, PASSWORD, SANDBOX_OAUTH_CLIENT_SECRET, *person.cookies]
    assert not [value for value in secret if value in printed]
    [challenge] = {url.params["code_challenge"] for url in person.trail if "code_challenge" in url.params}
    assert challenge not in map(pkce_challenge, re.findall(r"(?=([\w-]{43}))", printed))


@pytest.mark.promise(
    "sessions:oauth:documented-calls",
    "sessions:oauth:own-refresh",
    "sandbox:oauth:consent",
    "sign-in:ways:first-that-applies",
    "sessions:oauth:state-once",
    "settings:secrets:never-shown",
)
def test_a_grant_of_the_consent_page_signs_in_renews_and_ends(environment: dict[str, str]) -> None:
    with with_an_account(environment) as server, at_the_consent_page(server) as person:
        assert "Rememberizer MCP (sandbox)" in person.text
        assert EMAIL in person.text
        person.press("Authorize", memento="all")
        assert "You are signed in" in person.text
        assert EMAIL in person.text
        status = server.call("session_status")
        assert (status["state"], status["method"], status["email"]) == ("signed_in", "oauth", EMAIL)
        assert status["can_refresh"]
        assert server.call("refresh")["method"] == "oauth"
        assert server.call("session_status")["state"] == "signed_in"
        assert server.call("logout")["next"] == "Signed out, here and at Rememberizer."
        printed = server.end()
        assert printed.count("was refreshed") == 4  # by verify, session_status, refresh, session_status
        assert_unspoken(printed, person)


@pytest.mark.promise("sandbox:oauth:consent")
def test_a_person_who_cancels_is_a_failed_sign_in(environment: dict[str, str]) -> None:
    with with_an_account(environment) as server, at_the_consent_page(server) as person:
        server.begin("login")
        assert person.press("Cancel").status_code == 410
        assert "The sign-in was declined. Nobody was signed in here." in person.text
        refused = server.failure()
        assert (refused["code"], refused["message"]) == ("sign_in_failed", "The user declined to sign in.")
        assert server.call("session_status")["state"] == "signed_out"
        assert server.call("login")["state"] == "pending"


@pytest.mark.promise("sessions:oauth:state-once")
def test_a_forged_a_foreign_and_a_replayed_answer_get_one_refusal(environment: dict[str, str]) -> None:
    with with_an_account(environment) as server, at_the_consent_page(server) as person, Visitor() as stranger:
        page = httpx.URL(server.call("session_status")["sign_in_url"])
        person.press("Authorize", memento="all", until=CALLBACK)
        answer = person.trail[-1]
        refused = [stranger.open(answer)]
        refused.append(person.open(answer.copy_set_param("state", "A" * 43)))
        refused.append(person.open(answer.copy_remove_param("state")))
        assert server.call("session_status")["state"] == "pending"
        person.open(answer, until=page.path)
        refused.append(person.open(answer))  # before the last page is shown, with which the port is closed
        assert person.open(page).status_code == 200
        assert "You are signed in" in person.text
        assert {(each.status_code, each.text) for each in refused} == {(404, refused[0].text)}
        assert server.call("session_status")["state"] == "signed_in"
        assert_unspoken(server.end(), person)


@pytest.mark.promise("sessions:oauth:documented-calls", "settings:secrets:never-shown")
def test_a_wrong_client_secret_is_told_at_the_page_and_names_its_setting(environment: dict[str, str]) -> None:
    environment |= {"REMEMBERIZER_OAUTH_CLIENT_SECRET": "canary-wrong-secret"}
    with with_an_account(environment) as server, at_the_consent_page(server) as person:
        person.press("Authorize", memento="all")
        assert person.page.status_code == 422
        assert "Rememberizer doesn't accept this server's OAuth client id and secret." in person.text
        assert person.open(person.trail[-1]).status_code == 404  # the state is used up all the same
        status = server.call("session_status")
        assert status["state"] == "pending"
        assert "REMEMBERIZER_OAUTH_CLIENT_ID and REMEMBERIZER_OAUTH_CLIENT_SECRET" in status["next"]
        assert "canary-wrong-secret" not in server.end() + person.text


@pytest.mark.promise("sign-in:ways:first-that-applies")
def test_a_port_that_is_taken_is_named(environment: dict[str, str]) -> None:
    address = ("127.0.0.1", int(environment["REMEMBERIZER_OAUTH_PORT"]))
    with socket.create_server(address), host("--sandbox", environment=environment) as server:
        refused = server.fails("login")
        assert refused["code"] == "sign_in_failed"
        assert "REMEMBERIZER_OAUTH_PORT" in refused["hint"]
        assert server.call("session_status")["state"] == "signed_out"


@pytest.mark.promise("sessions:oauth:documented-calls", "sandbox:oauth:consent", "page:request:not-framed-not-stored")
@pytest.mark.needs("chromium")
async def test_no_policy_of_a_page_keeps_chromium_from_the_way_there_and_back(environment: dict[str, str]) -> None:
    in_thread = anyio.to_thread.run_sync
    entered = with_an_account(environment)
    server = await in_thread(entered.__enter__)
    async with chromium() as browser, watched(browser) as profile:
        status = await in_thread(server.call, "login")
        page = await profile.open(status["sign_in_url"])
        await page.get_by_role("button", name=TO_CONSENT).click()
        await page.get_by_label("E-mail").fill(EMAIL)
        await page.get_by_label("Password").fill(PASSWORD)
        await page.get_by_role("button", name="Sign in").click()
        await page.get_by_label("All of them").check()
        await page.get_by_role("button", name="Authorize").click()
        await expect(page.get_by_role("heading", name="You are signed in")).to_be_visible(timeout=20_000)
        assert page.url == status["sign_in_url"]
        done = await in_thread(server.call, "session_status")
    assert (done["state"], done["method"]) == ("signed_in", "oauth")
    await in_thread(partial(entered.__exit__, None, None, None))
