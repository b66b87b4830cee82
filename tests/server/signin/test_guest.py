"""What only the embedded sandbox's page has: a guest, the mailed code, and no word of a real account."""

import os
from contextlib import AbstractAsyncContextManager
from functools import partial
from pathlib import Path
from typing import Literal

import anyio
import anyio.to_thread
import pytest
from playwright.async_api import Browser
from rememberizer_mcp.server.app import build_server
from rememberizer_mcp.server.sandbox.config import SandboxConfig
from rememberizer_mcp.server.sandbox.mailbox import fetch_outbox, runtime_directory
from rememberizer_mcp.server.settings.settings import Settings

from tests.server.signin.support import TICKET, VIEWS, pages, seen, text
from tests.server.signin.visits import page, post, state
from tests.support.agent import ADA, ERAS, Agent, Era, agent_on
from tests.support.browser import violations, watched
from tests.support.person import visit
from tests.support.sessions import resync
from tests.support.upstream import usual

GUEST = {"form": "guest"}
BUTTON = "Continue as Ada, the sandbox\u2019s guest"
EMAIL = "ada@sandbox.example"


@pytest.fixture(autouse=True)
def runtime(tmp_path: Path) -> None:
    os.environ["XDG_RUNTIME_DIR"] = str(tmp_path)


def on_sandbox(era: Era = "2026-07-28", config: SandboxConfig | None = None) -> AbstractAsyncContextManager[Agent]:
    settings = Settings(sandbox=True, open_browser="never")
    return agent_on(build_server(settings, sandbox=config, patience_seconds=0.05), era)


async def search(agent: Agent) -> str:
    return str((await agent.call("search", query="apple cake"))["matches"][0]["name"])


@pytest.mark.promise("sandbox:guest:one-click", "sign-in:lazy:first-call-answered")
@pytest.mark.parametrize("era", ERAS)
async def test_the_guest_is_signed_in_by_one_click_and_the_first_search_answered(era: Era) -> None:
    async with on_sandbox(era) as agent:
        url = (await agent.fails("search", query="apple cake"))["sign_in_url"]
        assert BUTTON in (await visit(url)).text
        assert "as <b><bdi>Ada Lovelace</bdi></b>, <bdi>ada@sandbox.example</bdi>" in (await visit(url, **GUEST)).text
        assert await search(agent) == "Grandma Edith's apple cake"
        status = await agent.call("session_status")
        assert (status["state"], status["email"], status["method"]) == ("signed_in", EMAIL, "browser")
        await agent.call("logout")
        url = (await agent.call("login"))["sign_in_url"]
        assert "You are signed in" in (await visit(url, **GUEST)).text  # the same account once more
        await resync()


@pytest.mark.promise("sandbox:guest:one-click")
async def test_two_clicks_at_once_on_two_agents_make_one_guest(tmp_path: Path) -> None:
    config = SandboxConfig(data=tmp_path / "data")
    async with on_sandbox(config=config) as one, on_sandbox(config=config) as other, anyio.create_task_group() as tasks:
        for agent in (one, other):
            tasks.start_soon(partial(visit, (await agent.call("login"))["sign_in_url"], **GUEST))
    async with on_sandbox(config=config) as agent:
        assert "You are signed in" in (await visit((await agent.call("login"))["sign_in_url"], **GUEST)).text
        await resync()


@pytest.mark.promise("sandbox:guest:never-at-the-real-service")
async def test_at_the_real_service_the_guests_form_is_refused() -> None:
    upstream = usual()
    async with page(upstream) as (agent, url):
        assert BUTTON not in (await visit(url)).text
        answered = await post(url, data=GUEST)
        assert (answered.status_code, "The form could not be read." in answered.text) == (422, True)
        assert await state(agent) == "pending"
    assert not upstream.requests


@pytest.mark.promise("sandbox:guest:never-at-the-real-service", "page:account:meant")
async def test_a_page_for_another_account_takes_no_guest() -> None:
    async with on_sandbox() as agent:
        url = (await agent.call("login", email=ADA["email"]))["sign_in_url"]
        assert BUTTON not in (await visit(url)).text
        answered = await post(url, data=GUEST)
        assert (answered.status_code, "takes the account a…@example.org only" in answered.text) == (422, True)
        await visit(url, form="another_account")
        assert BUTTON in (await visit(url)).text
        assert "You are signed in" in (await visit(url, **GUEST)).text
        await resync()


@pytest.mark.promise("sandbox:guest:code-on-page")
async def test_the_mailed_code_stands_on_the_sandboxs_page() -> None:
    account = {**ADA, "name": "Ada", "captcha": "sandbox-captcha"}
    async with on_sandbox() as agent:
        url = (await agent.call("signup", email=ADA["email"]))["sign_in_url"]
        shown = await visit(url, form="sign_up", **account)
        letters, _ = await anyio.to_thread.run_sync(fetch_outbox, runtime_directory())
        assert f'the code is <b translate="no">{letters[-1].code}</b>' in " ".join(shown.text.split())
        assert "You are signed in" in (await visit(url, form="verify", verification_code=letters[-1].code)).text
        await resync()


@pytest.mark.promise("sandbox:guest:code-on-page")
def test_without_a_letter_the_sandbox_names_its_outbox_and_the_real_service_its_spam_folder() -> None:
    assert "its outbox" in text(VIEWS["verify"], pages(sandbox=True))
    assert "spam folder" in text(VIEWS["verify"])


@pytest.mark.promise("sandbox:guest:no-real-cookie")
async def test_the_sandbox_invites_no_cookie_of_a_real_account() -> None:
    for name in ("sign-in", "sign-up"):
        parsed = seen(VIEWS[name], pages(sandbox=True))
        assert {"href": f"{TICKET}/browser-session"} not in parsed.all("a")
    async with on_sandbox() as agent:
        url = (await agent.call("login"))["sign_in_url"]
        assert (await visit(f"{url}/browser-session")).status_code == 404
        refused = (await visit(url, form="sign_in", **ADA)).text
        assert "Rememberizer asks for a captcha response." in refused
        assert "rememberizer.ai" not in refused
        await resync()


@pytest.mark.needs("chromium")
@pytest.mark.promise("sandbox:guest:one-click", "page:look:accessible")
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_a_browser_signs_the_guest_in(scheme: Literal["light", "dark"], browser: Browser) -> None:
    async with on_sandbox() as agent, watched(browser, color_scheme=scheme) as profile:
        opened = await profile.open((await agent.call("login"))["sign_in_url"])
        assert await violations(opened) == ""
        await opened.keyboard.press("Enter")  # the button has the focus
        await opened.get_by_role("heading", name="You are signed in").wait_for()
        assert await search(agent) == "Grandma Edith's apple cake"
        await resync()
