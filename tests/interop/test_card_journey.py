"""The whole way with the real product over stdio: from the model's call by the card and the page to the mailed code."""

import os
from pathlib import Path

import anyio.to_thread
import pytest
from mcp import StdioServerParameters
from playwright.async_api import Browser

from tests.interop.chat import COMMANDS, shown
from tests.support.agent import ADA, ERAS, Era, agent_on
from tests.support.browser import watched
from tests.support.cards import DECLARED
from tests.support.http_sandbox import newest_code
from tests.support.process import SERVE, clean_environment

pytestmark = [
    pytest.mark.needs(*COMMANDS),
    pytest.mark.promise("card:person:opens-and-follows"),
]


@pytest.mark.parametrize("era", ERAS)
async def test_a_person_makes_an_account_from_the_card_to_the_mailed_code(
    era: Era, tmp_path: Path, browser: Browser
) -> None:
    os.environ["XDG_RUNTIME_DIR"] = str(tmp_path)
    environment = clean_environment(OPEN_BROWSER="never", SECRET_ARGUMENTS="off")
    server = StdioServerParameters(command=SERVE[0], args=[*SERVE[1:], "--sandbox"], env=environment)
    async with agent_on(server, era, extensions=DECLARED) as model, watched(browser) as profile:
        host = await shown(profile, model)
        status = await host.call("signup", email=ADA["email"])
        await host.shows("Create a Rememberizer account")
        await host.card.get_by_role("button", name="Open the sign-in page").click()
        page = await profile.open(status["sign_in_url"])
        await host.has_opened.wait()
        assert host.opened == [page.url]
        assert status["confirm_code"] in await page.inner_text("main")
        await page.fill("[name=password]", ADA["password"])
        await page.check("[name=captcha]")
        await page.click("button.primary")
        await host.shows("Enter the mailed code")
        await page.fill("[name=verification_code]", await anyio.to_thread.run_sync(newest_code, tmp_path))
        await page.click("button.primary")
        await host.shows(f"Signed in as {ADA['email']}")
        assert (await model.call("session_status"))["last_sign_in"] == "signed_in"
