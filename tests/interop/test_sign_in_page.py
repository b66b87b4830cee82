"""The page of a remote person behind a whole authorization server, in a browser of httpx and in Chromium."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from anyio.to_thread import run_sync as in_thread
from playwright.async_api import Browser

from tests.interop.provider import COMMANDS, Provider
from tests.support.agent import ADA, ERAS, Agent, Era
from tests.support.hosted import Hosted, hosted
from tests.support.visitor import Visitor

pytestmark = [pytest.mark.needs(*COMMANDS), pytest.mark.promise("page:remote:owner-only", "page:person:who-asked")]


@asynccontextmanager
async def sent(issuer: Provider, era: Era = "2026-07-28") -> AsyncIterator[tuple[Hosted, Agent, str]]:
    """Ada's agent, which was given a link for her."""
    async with hosted(issuer) as server, server.agent(era=era) as agent:
        yield server, agent, (await agent.call("login"))["sign_in_url"]


def trip(url: str, person: str) -> Visitor:
    """A person's browser after it went by the issuer."""
    visitor = Visitor()
    visitor.open(url)
    visitor.press("Sign-in", login=person, password="canary-password")
    visitor.press("Continue")
    return visitor


@pytest.mark.parametrize("era", ERAS)
async def test_the_page_opens_for_the_person_of_the_token_and_for_nobody_else(era: Era, issuer: Provider) -> None:
    async with sent(issuer, era) as (server, agent, url):

        def visit() -> tuple[int, str, str, str]:
            with Visitor() as visitor:
                made_up = visitor.open(f"{server.url}/sign-in/{'A' * 43}").text
            with trip(url, "grace") as grace:
                refused = grace.page
            with trip(url, "ada") as ada:
                shown = ada.text
                ada.press("Sign in", **ADA)
                return refused.status_code, refused.text.replace(made_up, "made up"), shown, ada.text

        status, refusal, shown, done = await in_thread(visit)
        code = (await agent.call("session_status"))["last_confirm_code"]
        assert (status, refusal) == (404, "made up")
        assert (code in shown, "You are signed in" in done) == (True, True)
        assert (await agent.call("session_status"))["email"] == ADA["email"]


@pytest.mark.needs("chromium")
async def test_so_it_does_in_chromium(issuer: Provider, browser: Browser) -> None:
    async with sent(issuer) as (server, agent, url):
        titles = []
        for person in ("grace", "ada"):
            async with await browser.new_context() as profile:
                page = await profile.new_page()
                await page.goto(url)
                await page.fill("[name=login]", person)
                await page.fill("[name=password]", "canary-password")
                await page.keyboard.press("Enter")
                await page.get_by_role("button", name="Continue").click()
                await page.wait_for_url(f"{server.url}/**")
                titles.append((await page.title())[:20])
                if person == "ada":
                    await page.fill("[name=email]", ADA["email"])
                    await page.fill("[name=password]", ADA["password"])
                    await page.keyboard.press("Enter")
                    await page.get_by_role("heading", name="You are signed in").wait_for()
        assert titles == ["This sign-in link ca", "Sign in to Rememberi"]
        assert (await agent.call("session_status"))["state"] == "signed_in"
