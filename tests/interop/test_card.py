"""The sign-in card in Chromium, shown by the official host side: what a person sees from the call to the end."""

import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from playwright.async_api import Browser

from tests.interop.chat import COMMANDS, chat, shown
from tests.server.signin.visits import post
from tests.support.agent import ADA, ERAS, GRACE, Agent, Era, agent_on, server_on
from tests.support.browser import watched
from tests.support.cards import DECLARED
from tests.support.clock import FakeClock
from tests.support.person import sign_in_at, visit
from tests.support.ports import free_port
from tests.support.sessions import resync
from tests.support.tab import Tab
from tests.support.upstream import FakeUpstream, reply, usual

pytestmark = [pytest.mark.needs(*COMMANDS)]
each_era = pytest.mark.parametrize("era", ERAS)
NOT_VERIFIED = reply(200, json={"email": ADA["email"], "name": "Ada", "email_verified": False})
SIGN_IN, SIGN_UP = "Sign in to Rememberizer", "Create a Rememberizer account"
BUTTON = "Open the sign-in page"
AGAIN = "To sign in, ask your assistant again."


def now() -> FakeClock:
    """A clock that stands still at the browser's time."""
    return FakeClock(time.time())


@pytest.fixture
def clock() -> FakeClock:
    return now()


@asynccontextmanager
async def agent(
    era: Era = "2026-07-28", upstream: FakeUpstream | None = None, clock: FakeClock | None = None, **settings: Any
) -> AsyncIterator[Agent]:
    """An agent whose client declares cards."""
    server = server_on((upstream or usual(custom_refresh=reply(401))).transport, clock or now(), **settings)
    async with agent_on(server, era, extensions=DECLARED) as found:
        yield found
        await resync()


@each_era
@pytest.mark.promise("card:person:opens-and-follows", "card:host:at-once")
async def test_the_card_shows_whom_and_the_code_opens_the_page_and_says_who_is_signed_in(
    era: Era, browser: Browser
) -> None:
    async with agent(era) as model, chat(browser, model) as host:
        await host.shows(SIGN_IN)
        assert (await host.text())[-1] == "Starting…"
        status = await host.call("login", email=ADA["email"])
        await host.card.get_by_role("button", name=BUTTON).click()
        assert f"For {ADA['email']}" in await host.text()
        assert status["confirm_code"] in await host.text()
        await host.has_opened.wait()
        assert host.opened == [status["sign_in_url"]]
        await sign_in_at(status["sign_in_url"])
        await host.shows(f"Signed in as {ADA['email']}")
        assert not await host.card.get_by_role("button").count()
        asked = {(call["name"], call["arguments"]["session"]) for call in host.called}
        assert asked == {("session_status", status["session"])}


async def let_it_run_out(_: Agent, __: str, clock: FakeClock) -> None:
    clock.advance(600)


async def sign_out(agent: Agent, _: str, __: FakeClock) -> None:
    await agent.call("logout")


async def sign_in_otherwise(agent: Agent, _: str, __: FakeClock) -> None:
    await agent.call("login", **ADA)


async def begin_another(agent: Agent, _: str, __: FakeClock) -> None:
    await agent.call("logout")
    await agent.call("login", email=GRACE["email"])


async def fail_five_times(_: Agent, url: str, __: FakeClock) -> None:
    for _attempt in range(5):
        await post(url, data={"form": "browser_session", "refresh_token": "wrong"})


@pytest.mark.parametrize(
    ("end", "title", "said"),
    [
        (let_it_run_out, "The sign-in page ran out", f"Nobody signed in there in time. {AGAIN}"),
        (sign_out, "The sign-in page was closed", f"Nobody was signed in there. {AGAIN}"),
        (fail_five_times, "The sign-in page was closed", f"There were too many wrong attempts. {AGAIN}"),
        (sign_in_otherwise, "Another sign-in took its place", f"This one is over. {AGAIN}"),
        (begin_another, "Another sign-in took its place", f"This one is over. {AGAIN}"),
    ],
)
@pytest.mark.promise("card:person:end")
async def test_the_card_says_how_its_page_ended_and_offers_it_no_more(
    end: Callable[[Agent, str, FakeClock], Awaitable[None]], title: str, said: str, clock: FakeClock, browser: Browser
) -> None:
    async with agent(clock=clock) as model, chat(browser, model) as host:
        status = await host.call("login")
        await host.card.get_by_role("button", name=BUTTON).wait_for()
        await end(model, status["sign_in_url"], clock)
        await host.shows(title)
        assert (await host.text())[-1] == said
        assert not await host.card.get_by_role("button").count()
        assert status["confirm_code"] not in await host.text()


@each_era
@pytest.mark.promise("card:person:opens-and-follows")
async def test_a_new_account_is_followed_to_its_mailed_code(era: Era, browser: Browser) -> None:
    async with agent(era, usual(me=NOT_VERIFIED)) as model, chat(browser, model) as host:
        status = await host.call("signup", email=ADA["email"])
        await host.shows(SIGN_UP)
        await visit(status["sign_in_url"], form="sign_up", **ADA)
        await host.shows("Enter the mailed code")
        assert "Rememberizer mailed it. Type it on the sign-in page." in await host.text()
        assert await host.card.get_by_role("button", name=BUTTON).count() == 1
        await visit(status["sign_in_url"], form="verify", later="later")
        await host.shows(f"Signed in as {ADA['email']}")
        assert "not verified yet" in (await host.text())[-1]


@pytest.mark.promise("card:person:end")
@pytest.mark.parametrize(
    ("error", "title"), [("access_denied", "The sign-in was declined"), ("server_error", "The sign-in failed")]
)
async def test_what_the_consent_page_answered_is_shown(error: str, title: str, browser: Browser) -> None:
    secret = "canary-client-secret"
    app: dict[str, Any] = {"oauth_client_id": "app", "oauth_client_secret": secret, "oauth_port": free_port()}
    async with agent(**app) as model, chat(browser, model) as host, httpx.AsyncClient(trust_env=False) as client:
        tab = Tab(client, (await host.call("login"))["sign_in_url"])
        await client.get(tab.url)
        await host.card.get_by_text("consent page").wait_for()
        await tab.come_back(state=(await tab.leave())["state"], error=error)
        await host.shows(title)


@pytest.mark.promise("card:person:reload")
async def test_an_old_result_that_is_shown_again_offers_no_link_that_is_over(
    clock: FakeClock, browser: Browser
) -> None:
    async with agent(clock=clock) as model, watched(browser) as profile:
        ends = {"The sign-in page ran out": let_it_run_out, f"Signed in as {ADA['email']}": sign_in}
        for title, end in ends.items():
            old = await model.result("login")
            await end(model, dict(old.structured_content or {})["sign_in_url"], clock)
            host = await shown(profile, model)
            await host.do("result", old.model_dump(mode="json", by_alias=True, exclude_none=True))
            await host.shows(title)
            assert not host.opened
            assert len(host.called) <= 2


async def sign_in(_: Agent, url: str, __: FakeClock) -> None:
    await sign_in_at(url)


@pytest.mark.promise("card:person:reload")
async def test_a_status_of_another_process_is_over(browser: Browser) -> None:
    async with agent() as before:
        old = await before.result("login")
    async with agent() as model, chat(browser, model) as host:
        await host.do("result", old.model_dump(mode="json", by_alias=True, exclude_none=True))
        await host.shows("This sign-in is over")


@pytest.mark.promise("card:host:limits")
async def test_a_host_that_opens_no_link_has_its_address_shown(browser: Browser) -> None:
    async with agent() as model, chat(browser, model) as host:
        host.opens = False
        status = await host.call("login")
        await host.card.get_by_role("button", name=BUTTON).click()
        await host.card.get_by_text(f"Copy its address into your browser: {status['sign_in_url']}").wait_for()


@pytest.mark.promise("card:host:limits")
async def test_a_bare_host_has_the_address_and_the_code_shown(browser: Browser) -> None:
    async with agent() as model, chat(browser, model, capabilities={}) as host:
        status = await host.call("login")
        await host.card.get_by_text(status["sign_in_url"]).wait_for()
        assert status["confirm_code"] in await host.text()
        assert (await host.text())[-1] == "Tell your assistant when you are done there."
        assert not await host.card.get_by_role("button").count()
        assert not host.called


@pytest.mark.promise("card:host:limits")
async def test_a_host_that_fails_to_ask_leaves_the_link(browser: Browser) -> None:
    async with agent() as model, chat(browser, model) as host:
        host.is_broken = True
        await host.call("login")
        await host.card.get_by_role("button", name=BUTTON).wait_for()
        host.is_broken = False
        await model.call("logout")
        await host.shows("The sign-in page was closed")


@pytest.mark.promise("card:host:limits")
async def test_a_host_that_passes_the_text_alone_shows_the_same(browser: Browser) -> None:
    async with agent() as model, chat(browser, model) as host:
        result = await model.result("login")
        given = result.model_dump(mode="json", by_alias=True, exclude_none=True)
        await host.do("result", {"content": given["content"]})
        await host.card.get_by_role("button", name=BUTTON).wait_for()


@pytest.mark.promise("card:host:limits")
async def test_a_call_that_failed_or_was_cancelled_shows_no_link(browser: Browser) -> None:
    async with agent() as model, watched(browser) as profile:
        host = await shown(profile, model)
        await host.do("result", {"content": [{"type": "text", "text": "no"}], "isError": True})
        await host.shows("No sign-in was started")
        host = await shown(profile, model)
        await host.do("cancelled")
        await host.card.get_by_text("The call was cancelled.").wait_for()
        host = await shown(profile, model)
        await host.call("login", **ADA)
        await host.shows(f"Signed in as {ADA['email']}")
        assert not host.called
