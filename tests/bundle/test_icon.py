"""The bundle's icon, drawn by a browser from its source."""

import os
from pathlib import Path

import pytest
from playwright.async_api import Browser

from tests.bundle.host import ROOT
from tests.support.browser import watched

SIZE = {"width": 512, "height": 512}
PICTURE_LIMIT = 20_000
PNG = b"\x89PNG\r\n\x1a\n"


@pytest.mark.needs("chromium")
async def test_the_icon_is_drawn_small_and_without_a_ground(browser: Browser, tmp_path: Path) -> None:
    """``make icon`` runs this one, with the folder in ICON."""
    picture = Path(os.environ.get("ICON", tmp_path)) / "icon.png"
    async with watched(browser, viewport=SIZE) as profile:
        page = await profile.open("data:text/html,<style>body{margin:0}svg{display:block}</style>")
        await page.evaluate("svg => { document.body.innerHTML = svg }", (ROOT / "bundle" / "icon.svg").read_text())
        await page.screenshot(path=picture, omit_background=True)
    assert picture.read_bytes().startswith(PNG)
    assert picture.stat().st_size < PICTURE_LIMIT
