"""The sign-in card and what surrounds it in Chromium: how often it asks, whom it hears, and what it can't do."""

import anyio
import pytest
from playwright.async_api import Browser, Error, expect

from tests.interop.chat import COMMANDS, HOST, Chat, chat, shown
from tests.interop.test_card import BUTTON, SIGN_IN, agent
from tests.support.agent import ADA
from tests.support.browser import Watched

pytestmark = [pytest.mark.needs(*COMMANDS)]
HIDE = """isHidden => {
  Object.defineProperty(document, "hidden", {value: isHidden, configurable: true});
  document.dispatchEvent(new Event("visibilitychange"));
}"""
"""As a browser does with a tab in the background, which a headless one doesn't have."""
FORGED = {"state": "signed_in", "email": "mallory@example.org"}
IMAGE = """address => new Promise(done => {
  const image = new Image();
  image.onerror = () => done();
  image.src = address;
})"""
POST = "message => parent.frames[0].frames[0].postMessage(message, '*')"


async def waiting(host: Chat) -> None:
    """Show a pending sign-in, in time that stands still but for the test."""
    await host.call("login")
    await host.card.get_by_role("button", name=BUTTON).wait_for()
    await host.page.clock.pause_at(await host.page.evaluate("() => Date.now() / 1000 + 1"))
    await settled(host)


async def settled(host: Chat) -> None:
    """Wait until the card has the answer to what it asked."""
    with anyio.fail_after(10):
        while await host.card.evaluate("() => waiting.size > 0 || isAsking"):
            await anyio.lowlevel.checkpoint()


async def has_ground(host: Chat, colour: str) -> None:
    """The card's background is this, or becomes it soon: a browser tells a frame of another origin its scheme late."""
    await expect(host.card.locator("body")).to_have_css("background-color", colour)


async def asked_in(host: Chat, seconds: int) -> int:
    """How often the card asks while so many seconds go by."""
    before = len(host.called)
    for _ in range(seconds):
        await host.page.clock.run_for(1000)
        await settled(host)
    return len(host.called) - before


@pytest.mark.promise("card:polling:bounded")
async def test_the_card_asks_every_two_seconds_and_later_every_five(browser: Browser) -> None:
    async with agent() as model, chat(browser, model) as host:
        await waiting(host)
        assert await asked_in(host, 10) == 5
        await host.page.clock.fast_forward(50_000)
        await settled(host)
        assert await asked_in(host, 20) == 4


@pytest.mark.promise("card:polling:bounded")
async def test_a_hidden_card_asks_nothing_and_asks_at_once_when_it_is_seen_again(browser: Browser) -> None:
    async with agent() as model, chat(browser, model) as host:
        await waiting(host)
        await host.card.evaluate(HIDE, True)
        assert await asked_in(host, 10) == 0
        await host.card.evaluate(HIDE, False)
        await settled(host)
        before = len(host.called)
        assert await asked_in(host, 10) == 5
        assert before > 1


@pytest.mark.promise("card:polling:bounded")
async def test_the_card_asks_no_more_after_the_end_or_the_life_of_its_page(browser: Browser) -> None:
    async with agent() as model, chat(browser, model) as host:
        await waiting(host)
        await host.page.clock.fast_forward(610_000)
        await host.card.get_by_role("heading", name="This sign-in is over").wait_for()
        assert await asked_in(host, 10) == 0
    async with agent() as model, chat(browser, model) as host:
        await waiting(host)
        await model.call("logout")
        await host.shows("The sign-in page was closed")
        assert await asked_in(host, 10) == 0


@pytest.mark.promise("card:polling:bounded", "card:host:limits")
async def test_a_host_that_takes_the_card_away_is_answered_and_asked_no_more(browser: Browser) -> None:
    async with agent() as model, chat(browser, model) as host:
        await waiting(host)
        assert await host.do("teardown") == {}
        assert await asked_in(host, 10) == 0


@pytest.mark.promise("card:host:theme")
async def test_the_card_follows_the_hosts_theme_and_colours(browser: Browser) -> None:
    context = {"theme": "dark", "styles": {"variables": {"--color-background-primary": "#102030"}}}
    async with agent() as model, chat(browser, model, context=context) as host:
        await host.shows(SIGN_IN)
        await has_ground(host, "rgb(16, 32, 48)")
        await host.do("context", {"theme": "light", "styles": {"variables": {"--color-background-primary": "#fefefe"}}})
        await host.card.locator("html[data-theme=light]").wait_for()
        await has_ground(host, "rgb(254, 254, 254)")


@pytest.mark.promise("card:host:theme")
async def test_without_a_theme_of_the_host_the_card_has_the_systems_also_when_that_changes(browser: Browser) -> None:
    dark, light = "rgb(17, 24, 39)", "rgb(255, 255, 255)"
    async with agent() as model, chat(browser, model, color_scheme="dark") as host:
        await has_ground(host, dark)
        await host.page.emulate_media(color_scheme="light")
        await has_ground(host, light)
        await host.page.emulate_media(color_scheme="dark")
        await has_ground(host, dark)
        await host.do("context", {"theme": "light"})
        await has_ground(host, light)
        await host.page.emulate_media(color_scheme="light")
        await host.page.emulate_media(color_scheme="dark")
        await host.shows(SIGN_IN)
        await has_ground(host, light)


@pytest.mark.promise("card:host:foreign")
async def test_a_foreign_frame_reaches_neither_the_card_nor_the_host(browser: Browser) -> None:
    async with agent() as model, chat(browser, model) as host:
        await waiting(host)
        for method, params in (
            ("ui/notifications/tool-result", {"structuredContent": FORGED}),
            ("ui/notifications/tool-cancelled", {}),
            ("ui/notifications/host-context-changed", {"theme": "dark"}),
            ("ui/resource-teardown", {}),
        ):
            await host.foreign.evaluate(POST, {"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
        link = {"jsonrpc": "2.0", "id": 2, "method": "ui/open-link", "params": {"url": HOST}}
        await host.foreign.evaluate("message => parent.postMessage(message, '*')", link)
        assert await asked_in(host, 10) == 5
        assert SIGN_IN in await host.text()
        assert not host.opened


@pytest.mark.promise("card:host:foreign")
async def test_a_message_of_the_host_that_the_card_does_not_know_changes_nothing(browser: Browser) -> None:
    async with agent() as model, chat(browser, model) as host:
        await waiting(host)
        before = await host.text()
        await host.page.evaluate("() => document.querySelector('iframe').contentWindow.postMessage({method: 'x'}, '*')")
        await host.do("input", {"email": ADA["email"]})
        assert await asked_in(host, 2) == 1
        assert await host.text() == before


@pytest.mark.promise("card:content:self-contained")
async def test_the_cards_policy_lets_it_fetch_nothing_and_open_nothing(browser: Browser) -> None:
    async with await browser.new_context() as context, agent() as model:
        profile = Watched(context)
        host = await shown(profile, model)
        before = list(host.served)
        with pytest.raises(Error, match="Failed to fetch"):
            await host.card.evaluate(f"() => fetch('{HOST}/host.html')")
        await host.card.evaluate(IMAGE, f"{HOST}/image.png")
        assert await host.card.evaluate(f"() => window.open('{HOST}/host.html')") is None
        assert host.served == before
    assert all("Content Security Policy" in each or "popup" in each for each in profile.complaints)
