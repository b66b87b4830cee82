"""The sandbox's own pages in a browser: they wear the sign-in page's style, and are as accessible."""

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Literal
from urllib.parse import urlencode

import httpx
import pytest
from playwright.async_api import Browser
from rememberizer_mcp.server.sandbox.app import Sandbox
from rememberizer_mcp.server.sandbox.config import SANDBOX_OAUTH_CLIENT_ID, SandboxConfig
from rememberizer_mcp.server.sandbox.listener import outbox_listener
from rememberizer_mcp.server.sandbox.mailbox import OutboxAddress

from tests.server.signin.support import VIEWS, text
from tests.support.browser import chromium, overflow, violations, watched

pytestmark = pytest.mark.promise("page:look:accessible")
ASKED = {
    "client_id": SANDBOX_OAUTH_CLIENT_ID,
    "redirect_uri": "http://127.0.0.1:7001/oauth/callback",
    "response_type": "code",
    "state": "s",
}
ACCOUNT = {"email": "user@example.com", "password": "secure_password", "name": "Joe", "captcha": "sandbox-captcha"}


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as browser:
        yield browser


@pytest.fixture
async def sandbox(tmp_path: Path) -> AsyncIterator[OutboxAddress]:
    with Sandbox(SandboxConfig()) as running:
        async with outbox_listener(running, tmp_path, everything=True) as address:
            yield address


def consent(sandbox: OutboxAddress, **changes: str) -> str:
    return f"{sandbox.base_url}api/v1/auth/oauth2/authorize/?{urlencode(ASKED | changes)}"


@pytest.mark.promise("page:look:one-style")
async def test_every_page_wears_the_style_of_the_sign_in_page(sandbox: OutboxAddress) -> None:
    (style,) = re.findall("<style>.*?</style>", text(VIEWS["sign-in"]), re.DOTALL)
    async with httpx.AsyncClient(trust_env=False) as client:
        for address in (sandbox.base_url, sandbox.url, consent(sandbox), consent(sandbox, client_id="none")):
            page = (await client.get(address)).text
            assert style in page
            assert "<span>rememberizer-mcp</span>" in page
            assert "Sandbox: no real account" in page


@pytest.mark.needs("chromium")
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_every_page_is_accessible_and_fits(
    scheme: Literal["light", "dark"], browser: Browser, sandbox: OutboxAddress
) -> None:
    narrow = {"width": 320, "height": 568}
    async with watched(browser, color_scheme=scheme, viewport=narrow) as profile:
        page = await profile.open(sandbox.base_url)
        async with httpx.AsyncClient(base_url=sandbox.base_url, trust_env=False) as client:
            await client.post("api/v1/auth/signup/", json=ACCOUNT)
        for address in (sandbox.base_url, sandbox.url, consent(sandbox, client_id="none"), consent(sandbox)):
            await page.goto(address)
            assert await violations(page) == ""
            assert await overflow(page) == 0
        await page.fill("[name=login]", ACCOUNT["email"])
        await page.fill("[name=password]", ACCOUNT["password"])
        await page.click("[value=sign-in]")
        await page.get_by_role("button", name="Authorize").wait_for()
        assert await violations(page) == ""
        assert await overflow(page) == 0
