"""The sign-in page, walked in Debian's Chromium against the sandbox, beside an agent over real stdio."""

import os
import re
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
import httpx
import pytest
from mcp import StdioServerParameters
from playwright.async_api import Page
from rememberizer_mcp.server.sandbox.config import SANDBOX_OAUTH_CLIENT_ID, SANDBOX_OAUTH_CLIENT_SECRET
from rememberizer_mcp.server.sandbox.mailbox import fetch_outbox, runtime_directory

from tests.server.sandbox.support import served
from tests.support.agent import ADA, Agent, agent_on
from tests.support.browser import Watched, chromium, violations, watched
from tests.support.person import visit
from tests.support.process import SERVE, clean_environment
from tests.support.sessions import resync

pytestmark = [pytest.mark.needs("chromium"), pytest.mark.timeout(240)]


@pytest.fixture(autouse=True)
def runtime(tmp_path: Path) -> None:
    os.environ["XDG_RUNTIME_DIR"] = str(tmp_path)


@dataclass
class Scene:
    """An agent, its server, and a person's browser."""

    agent: Agent
    browser: Watched

    async def sent(self, tool: str = "login", **arguments: str) -> tuple[Page, dict[str, Any]]:
        """The agent calls, and the person follows the link."""
        status = await self.agent.call(tool, **arguments)
        assert status["state"] == "pending"
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+/[\w-]{43}", status["sign_in_url"])
        page = await self.browser.open(status["sign_in_url"])
        assert status["confirm_code"] in await page.inner_text("main")
        return page, status


@asynccontextmanager
async def scene(*options: str, **settings: str) -> AsyncIterator[Scene]:
    environment = clean_environment(OPEN_BROWSER="never", SECRET_ARGUMENTS="off", **settings)
    command = StdioServerParameters(command=SERVE[0], args=[*SERVE[1:], *options], env=environment)
    async with agent_on(command) as agent, chromium() as browser, watched(browser) as profile:
        yield Scene(agent, profile)
    await resync()


async def send(page: Page, **fields: str) -> str:
    """Fill in the form and send it; what the page says then."""
    for name, value in fields.items():
        if name == "captcha":
            await page.check("[name=captcha]")
        else:
            await page.fill(f"[name={name}]", value)
    async with page.expect_navigation():
        await page.click("button.primary")
    assert await violations(page) == ""
    return await page.inner_text("main")


async def code_for(email: str) -> str:
    letters, _ = await anyio.to_thread.run_sync(fetch_outbox, runtime_directory())
    return next(letter.code for letter in reversed(letters) if letter.to == email)


@pytest.mark.promise(
    "page:forms:work-and-stay",
    "page:forms:sent-once",
    "page:person:who-asked",
    "sign-in:elicitation:no-credentials-in-url",
)
async def test_a_person_signs_up_and_verifies_and_the_agent_goes_on() -> None:
    async with scene("--sandbox") as on:
        page, status = await on.sent("signup", email=ADA["email"], name="Ada")
        assert "Leave it empty for a…@example.org." in await page.inner_text("main")
        assert await page.input_value("[name=email]") == await page.input_value("[name=name]") == ""
        said = await send(page, password=ADA["password"])
        assert "Rememberizer asks for a captcha response." in said
        assert await page.input_value("[name=password]") == ""
        said = await send(page, password="short", captcha="yes")
        assert "Try a longer, less common password." in said
        said = await send(page, password=ADA["password"], captcha="yes")
        assert "A code was mailed to a…@example.org." in said
        assert (await on.agent.call("session_status"))["state"] == "pending"
        said = await send(page, verification_code="000000x")
        assert "This code is wrong, used or too old." in said
        said = await send(page, verification_code=await code_for(ADA["email"]))
        assert "You are signed in" in said
        assert "Ada" not in said  # of what the agent passed, a browser that did not type it sees no more than the mask
        assert "You can close this tab" in said
        done = await on.agent.call("session_status")
        assert (done["state"], done["email"], done["method"]) == ("signed_in", ADA["email"], "browser")
        assert (await visit(status["sign_in_url"])).status_code == 410
        asked = [url for url in on.browser.requests if not url.startswith("data:")]
        assert {url.partition("?")[0] for url in asked} == {status["sign_in_url"]}
        assert not [
            url for url in asked if "?" in url or "ada" in url.lower().replace(status["sign_in_url"].lower(), "")
        ]


@pytest.mark.promise("page:forms:work-and-stay", "page:forms:sent-once")
async def test_wrong_input_stays_and_a_double_click_signs_in_once() -> None:
    async with scene("--sandbox") as on:
        page, _ = await on.sent("signup", email=ADA["email"])
        await send(page, password=ADA["password"], captcha="yes")
        await page.click("button.secondary")
        assert "still has to be verified" in await page.inner_text("main")
        assert (await on.agent.call("session_status"))["state"] == "unverified"
        await on.agent.call("logout")
        page, status = await on.sent(email=ADA["email"])
        said = await send(page, password="not " + ADA["password"], captcha="yes")
        assert "Rememberizer did not accept this e-mail and password." in said
        assert await page.input_value("[name=email]") == ""
        await page.fill("[name=password]", ADA["password"])
        await page.check("[name=captcha]")
        await page.dblclick("button.primary")
        await page.wait_for_selector("[name=verification_code]")
        await page.reload()
        said = await send(page, verification_code=await code_for(ADA["email"]))
        assert "You are signed in" in said
        assert (await on.agent.call("session_status"))["state"] == "signed_in"
        assert (await visit(status["sign_in_url"])).status_code == 410


@pytest.mark.promise("page:forms:five-attempts", "sign-in:elicitation:bound-to-client")
async def test_five_wrong_attempts_close_the_page_and_the_agent_is_told() -> None:
    async with scene("--sandbox") as on:
        page, status = await on.sent()
        for attempt in range(5):
            said = await send(page, email="nobody@example.org", password=f"wrong-{attempt}", captcha="yes")
        assert "too many wrong attempts" in said
        assert "ask your assistant for a new link" in said
        assert (await visit(status["sign_in_url"])).status_code == 410
        assert (await on.agent.call("session_status"))["state"] == "signed_out"
        _, again = await on.sent()
        assert again["sign_in_url"] != status["sign_in_url"]
        assert again["confirm_code"] != status["confirm_code"]


@pytest.mark.promise("sign-in:end:page-closed", "page:person:who-asked")
async def test_logout_ends_the_page_that_is_still_open_in_the_browser() -> None:
    async with scene("--sandbox") as on:
        _, first = await on.sent()
        await on.agent.call("logout")
        assert (await visit(first["sign_in_url"])).status_code == 410
        page, status = await on.sent()
        await page.goto(status["sign_in_url"] + "/browser-session")
        assert await violations(page) == ""
        old = status["sign_in_url"].rpartition("/")[0] + "/" + first["sign_in_url"].rpartition("/")[2]
        other = await on.browser.open(old)
        said = await other.inner_text("body")
        assert status["confirm_code"] not in said
        assert await violations(other) == ""


@pytest.mark.promise("page:forms:work-and-stay")
async def test_the_cookie_of_a_browser_that_is_signed_in_already_is_taken_over(tmp_path: Path) -> None:
    async with served(tmp_path) as sandbox, httpx.AsyncClient(base_url=sandbox.base_url, trust_env=False) as there:
        account = {**ADA, "name": "Ada", "captcha": "sandbox-captcha"}
        assert (await there.post("api/v1/auth/signup/", json=account)).status_code == 201
        login = {"login": ADA["email"], "password": ADA["password"], "captcha": "sandbox-captcha"}
        token = (await there.post("api/v1/auth/signin/", json=login)).cookies["refresh_token"]
        async with scene(BASE_URL=sandbox.base_url + "api/v1/") as on:
            page, _ = await on.sent()
            await page.click("text=Sign in without a password (Google, Microsoft)")
            said = await send(page, refresh_token="two words")
            assert "That is not the value of a cookie" in said
            said = await send(page, refresh_token="not-a-session")
            assert "Rememberizer did not accept this" in said
            said = await send(page, refresh_token=f"refresh_token={token}; Path=/")
            await page.click("button.secondary")
            assert "You are signed in" in await page.inner_text("main")
            status = await on.agent.call("session_status")
            assert (status["email"], status["method"], status["can_refresh"]) == (ADA["email"], "browser", True)


@pytest.mark.promise("page:look:asks-nothing-else", "page:forms:work-and-stay")
async def test_with_a_site_key_the_page_asks_for_googles_widget_and_nothing_else() -> None:
    environment = clean_environment(OPEN_BROWSER="never", RECAPTCHA_SITE_KEY="a-site-key")
    command = StdioServerParameters(command=SERVE[0], args=list(SERVE[1:]), env=environment)
    async with agent_on(command) as agent, chromium() as browser, await browser.new_context() as context:
        url = (await agent.call("login"))["sign_in_url"]
        asked: list[str] = []
        context.on("request", lambda request: asked.append(request.url))
        page = await context.new_page()
        await page.goto(url)
        assert await page.get_attribute(".g-recaptcha", "data-sitekey") == "a-site-key"
        others = [each for each in asked if not each.startswith((url, "data:"))]
        assert others
        assert not [each for each in others if not each.startswith("https://www.google.com/recaptcha/")]
    await resync()


def oauth() -> dict[str, str]:
    """The settings of the sandbox's own app, at a port that is free."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    return {
        "OAUTH_CLIENT_ID": SANDBOX_OAUTH_CLIENT_ID,
        "OAUTH_CLIENT_SECRET": SANDBOX_OAUTH_CLIENT_SECRET,
        "OAUTH_PORT": port,
    }


@pytest.mark.promise("sessions:oauth:state-once", "sessions:oauth:documented-calls", "sign-in:ways:first-that-applies")
async def test_a_person_consents_at_rememberizer_and_comes_back_signed_in() -> None:
    """Browsers hold the redirect to the consent page against the policy of the page that it comes from."""
    async with scene("--sandbox", **oauth()) as on:
        page, _ = await on.sent("signup", email=ADA["email"])
        await send(page, password=ADA["password"], captcha="yes")
        assert "You are signed in" in await send(page, verification_code=await code_for(ADA["email"]))
        await on.agent.call("logout")
        page, status = await on.sent()
        await page.click("text=Continue to Rememberizer")
        await page.fill("[name=login]", ADA["email"])
        await page.fill("[name=password]", ADA["password"])
        await page.click("[value=sign-in]")
        await page.click("[value=authorize]")
        await page.wait_for_url(status["sign_in_url"])
        assert "You are signed in" in await page.inner_text("main")
        done = await on.agent.call("session_status")
        assert (done["email"], done["method"], done["can_refresh"]) == (ADA["email"], "oauth", True)
        assert (await on.agent.call("refresh"))["method"] == "oauth"
        assert (await on.agent.call("logout"))["next"] == "Signed out, here and at Rememberizer."


@pytest.mark.promise("sessions:oauth:state-once", "sign-in:elicitation:outcomes-told-apart")
async def test_a_person_who_cancels_the_consent_ends_the_page() -> None:
    async with scene("--sandbox", **oauth()) as on:
        page, status = await on.sent()
        await page.click("text=Continue to Rememberizer")
        await page.click("[value=cancel]")
        assert "The sign-in was declined." in await page.inner_text("main")
        assert (await visit(status["sign_in_url"])).status_code == 410
        assert (await on.agent.call("session_status"))["state"] == "signed_out"
