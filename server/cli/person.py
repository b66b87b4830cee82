"""The person of the demo, who signs in at the page: in Chromium if it can be driven here, and otherwise without one.

Playwright is no dependency of the package; a checkout has it, for the tests.
"""

import importlib.util
import os
import shutil
from collections.abc import Mapping
from urllib.parse import urlencode, urlsplit
from urllib.request import Request, urlopen

import anyio.to_thread

PAGE_SECONDS = 20.0
_DONE = "You are signed in"


def chromium() -> str | None:
    """The browser that can be driven, if there is one."""
    if importlib.util.find_spec("playwright") is None:
        return None
    return shutil.which("chromium") or shutil.which("chromium-browser")


class PageRefused(Exception):
    """The page did not do what the demo expects of it."""


async def sign_in_at(url: str, confirm_code: str, account: Mapping[str, str], *, browser: str | None) -> None:
    """Compare the confirm code, fill in the form and send it.

    Args:
        url: The page.
        confirm_code: What the tool result showed.
        account: ``email``, ``password`` and ``captcha``.
        browser: Chromium's path; without one the form is sent by this process.

    Raises:
        PageRefused: It shows another code, or does not say in the end that the person is signed in.
    """
    if browser and await _in_chromium(url, confirm_code, account, browser):
        return
    await anyio.to_thread.run_sync(_alone, url, confirm_code, account)


async def _in_chromium(url: str, confirm_code: str, account: Mapping[str, str], browser: str) -> bool:
    """``False`` for a browser that does not start, which is as good as none."""
    from playwright.async_api import Error, async_playwright  # noqa: PLC0415 -- there only in a checkout

    root = hasattr(os, "geteuid") and os.geteuid() == 0
    async with async_playwright() as playwright:
        try:
            chromium = await playwright.chromium.launch(executable_path=browser, args=["--no-sandbox"] if root else [])
        except Error:
            return False
        page = await chromium.new_page()
        page.set_default_timeout(PAGE_SECONDS * 1000)
        await page.goto(url)
        _expect(confirm_code, await page.inner_text("main"))
        await page.fill("[name=email]", account["email"])
        await page.fill("[name=password]", account["password"])
        await page.check("[name=captcha]")
        async with page.expect_navigation():
            await page.click("button.primary")
        _expect(_DONE, await page.inner_text("main"))
        await chromium.close()
    return True


def _alone(url: str, confirm_code: str, account: Mapping[str, str]) -> None:
    with urlopen(url, timeout=PAGE_SECONDS) as response:  # noqa: S310 -- the page that our own server just opened
        _expect(confirm_code, response.read().decode())
    parts = urlsplit(url)
    form = urlencode({"form": "sign_in", **account}).encode()
    post = Request(url, form, headers={"Origin": f"{parts.scheme}://{parts.netloc}"})  # noqa: S310 -- as above
    with urlopen(post, timeout=PAGE_SECONDS) as response:  # noqa: S310 -- as above
        _expect(_DONE, response.read().decode())


def _expect(words: str, shown: str) -> None:
    if words not in shown:
        raise PageRefused(f"the page does not show {words!r}.")
