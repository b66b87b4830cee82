"""The page of a remote person in Chromium: its cookies last on the way to the issuer and back."""

import pytest
from playwright.async_api import Browser

from tests.support.agent import ADA
from tests.support.browser import violations, watched
from tests.support.hosted import hosted
from tests.support.issuer_people import PERSON, peoples_issuer

pytestmark = [pytest.mark.needs("chromium"), pytest.mark.promise("page:remote:owner-only", "page:remote:public-url")]


async def test_the_right_person_signs_in_and_another_is_refused(browser: Browser) -> None:
    async with peoples_issuer() as issuer, hosted(issuer) as server, server.agent() as agent:
        url = (await agent.call("login"))["sign_in_url"]
        async with watched(browser) as profile:
            await profile.context.add_cookies([{"name": PERSON, "value": "grace", "url": server.url}])
            page = await profile.open(url)
            assert (await page.title()).startswith("This sign-in link can")
            assert await violations(page) == ""
        async with watched(browser) as profile:
            await profile.context.add_cookies([{"name": PERSON, "value": "ada", "url": server.url}])
            page = await profile.open(url)
            assert page.url == url
            assert await violations(page) == ""
            await page.fill("[name=email]", ADA["email"])
            await page.fill("[name=password]", ADA["password"])
            await page.keyboard.press("Enter")
            await page.get_by_role("heading", name="You are signed in").wait_for()
            ours = [each for each in await profile.context.cookies() if each["name"] != PERSON]
        assert (await agent.call("session_status"))["state"] == "signed_in"
    assert sorted(each["name"][:15] for each in ours) == ["__Host-issuer_t", "__Host-sign_in-"]
    assert {(each["path"], each["secure"], each["httpOnly"], each["sameSite"]) for each in ours} == {
        ("/", True, True, "Lax")
    }
