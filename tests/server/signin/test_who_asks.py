"""What the page says of the program that sent a person there, and until when it is open."""

import html
import re

import pytest
from mcp_types import Implementation
from playwright.async_api import Browser

from tests.server.signin.gallery import gallery
from tests.server.signin.support import VIEWS, form, text
from tests.server.signin.visits import page
from tests.support.agent import ERAS, Era, agent_on, server_on
from tests.support.browser import watched
from tests.support.clock import FakeClock
from tests.support.person import visit
from tests.support.sessions import resync
from tests.support.upstream import usual


def said(page: str) -> str:
    return " ".join(html.unescape(re.sub("<[^>]*>", "", page.partition("<main>")[2])).split())


@pytest.mark.promise("page:person:client-named")
@pytest.mark.parametrize("era", ERAS)
@pytest.mark.parametrize(
    ("named", "shown"),
    [
        (Implementation(name="claude-ai", title="Claude Desktop", version="1.2"), "Claude Desktop 1.2, as it calls"),
        (Implementation(name="cursor", version="3"), "cursor 3, as it calls"),
        (Implementation(name="<b>a\u202eb\n" + "x" * 90, version="1"), "<b>ab " + "x" * 54 + ", as it calls"),
    ],
)
async def test_the_page_says_who_asked(era: Era, named: Implementation, shown: str) -> None:
    async with agent_on(server_on(usual().transport), era, client_info=named) as agent:
        url = (await agent.call("login"))["sign_in_url"]
        assert f"{shown} itself, asked to work with your account." in said((await visit(url)).text)
        await resync()


@pytest.mark.promise("page:person:client-named")
def test_a_client_without_a_name_is_the_assistant() -> None:
    assert "Your assistant asked to work with your account." in said(text(form("sign_in.html", asked_by=None)))


@pytest.mark.promise("page:person:client-named")
@pytest.mark.parametrize(
    ("settings", "may"),
    [
        ({}, "read and store"),
        ({"toolsets": "all"}, "read, store and delete"),
        ({"toolsets": "all", "read_only": True}, "only read"),
    ],
)
async def test_the_page_says_what_the_settings_let_it_do(settings: dict[str, object], may: str) -> None:
    async with page(None, None, **settings) as (_, url):
        assert f"It may {may}." in said((await visit(url)).text)


@pytest.mark.promise("page:look:working")
@pytest.mark.parametrize(("waited", "minutes"), [(0, 10), (400, 3), (595, 1)])
async def test_the_page_says_how_long_it_stays_open(waited: float, minutes: int, clock: FakeClock) -> None:
    async with page(None, clock) as (_, url):
        clock.advance(waited)
        assert f"This page stays open for about {minutes} min." in said((await visit(url)).text)


@pytest.mark.needs("chromium")
@pytest.mark.promise("page:look:working")
@pytest.mark.parametrize(("zone", "shown"), [("Asia/Tokyo", "until 21:00"), ("America/New_York", "until 07:00")])
async def test_a_browser_says_it_in_its_own_time(zone: str, shown: str, browser: Browser) -> None:
    async with gallery() as hall, watched(browser, timezone_id=zone, locale="en-GB") as profile:
        opened = await profile.open(hall.of("sign-in"))
        assert "12:00:00+00:00" in text(VIEWS["sign-in"])
        assert await opened.inner_text("time") == shown


@pytest.mark.needs("chromium")
@pytest.mark.promise("page:look:working")
async def test_the_page_shows_that_it_waits_for_an_answer(browser: Browser) -> None:
    async with gallery() as hall, watched(browser) as profile:
        opened = await profile.open(hall.of("oauth"))
        status = opened.get_by_role("status")
        assert await status.inner_text() == ""
        await opened.evaluate("addEventListener('submit', event => event.preventDefault())")
        await opened.get_by_role("button", name="Continue").click()
        assert await status.inner_text() == "One moment: waiting for an answer …"
        await opened.evaluate("dispatchEvent(new PageTransitionEvent('pageshow'))")
        assert await status.inner_text() == ""
