"""A real browser, watched: Debian's Chromium, which reaches this machine only; what it complains of fails the test."""

import os
import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped]  # it has no types
from playwright.async_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Frame,
    Page,
    Request,
    WebError,
    async_playwright,
    expect,
)

LIMIT_MS = 60_000
"""For a busy machine; each test has a limit of its own."""
expect.set_options(timeout=LIMIT_MS)
OWN = ("http://127.0.0.1:", "https://127.0.0.1:", "data:")
# A page that is a refusal is told so in the console; whether its status is right is for the test to say.
ANSWERED = "Failed to load resource: the server responded with a status of "
# Beyond the default: the size of targets, and WCAG's higher degree of contrast.
AXE_OPTIONS = {
    "resultTypes": ["violations"],
    "rules": {"target-size": {"enabled": True}, "color-contrast-enhanced": {"enabled": True}},
}
SETTLED = "() => new Promise(done => requestAnimationFrame(() => setTimeout(done)))"
OVERFLOW = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
FOCUSED = """() => {
  const element = document.activeElement, style = getComputedStyle(element), box = element.getBoundingClientRect();
  const outline = style.outlineStyle === "none" ? 0 : parseFloat(style.outlineWidth);
  return {
    name: element.name || element.innerText || "",
    outline,
    seen: box.top >= outline && box.bottom + outline <= innerHeight && box.width > 0,
  };
}"""
SIZES = """() => [...document.querySelectorAll("a, button, summary, input:not([type=hidden])")]
  .filter(element => element.checkVisibility())
  .map(element => element.closest("label") || element)
  .map(element => [element.outerHTML, element.getBoundingClientRect().width, element.getBoundingClientRect().height])"""


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """Start the browser. It finds no host: not for a page, nor for its own errands.

    Where its headless shell is there, that is started: the same engine without windows, for a third of the CPU time.
    """
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=shutil.which("chromium-headless-shell") or shutil.which("chromium"),
            chromium_sandbox=os.geteuid() != 0,
            args=["--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"],
        )
        try:
            yield browser
        finally:
            await browser.close()


@dataclass
class Watched:
    """A fresh browser profile: no cookies, nothing stored; everything that it asks for and complains of is kept."""

    context: BrowserContext
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.context.set_default_timeout(LIMIT_MS)
        self.context.on("request", self._asked)
        self.context.on("console", self._said)
        self.context.on("weberror", self._raised)

    def _asked(self, request: Request) -> None:
        self.requests.append(request.url)

    def _said(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not message.text.startswith(ANSWERED):
            self.complaints.append(message.text)

    def _raised(self, error: WebError) -> None:
        self.complaints.append(str(error.error))

    async def open(self, url: str) -> Page:
        """Open a tab."""
        page = await self.context.new_page()
        await page.goto(url)
        return page

    async def check(self) -> None:
        """Fail if any page asked for something else than this machine, or complained, as of a breach of its policy."""
        for page in self.context.pages:
            await page.evaluate(SETTLED)
        foreign = [url for url in self.requests if not url.startswith(OWN)]
        assert not foreign, foreign
        assert not self.complaints, self.complaints


@asynccontextmanager
async def watched(browser: Browser, **options: Any) -> AsyncIterator[Watched]:
    """Give a fresh profile, with the options of Playwright's ``new_context``, and check it when the body succeeded."""
    async with await browser.new_context(**options) as context:
        profile = Watched(context)
        yield profile
        await profile.check()


async def violations(page: Page | Frame) -> str:
    """What axe-core finds, in words; empty if nothing."""
    results = await Axe().run(page, options=AXE_OPTIONS)
    return str(results.generate_report()) if results.violations_count else ""


async def overflow(page: Page | Frame) -> int:
    """By how many pixels the page is wider than the window."""
    return int(await page.evaluate(OVERFLOW))


async def small_targets(page: Page | Frame, *, least: float = 44) -> Sequence[str]:
    """Everything to press that is narrower or lower than so many pixels."""
    sizes: list[tuple[str, float, float]] = await page.evaluate(SIZES)
    return [html for html, width, height in sizes if min(width, height) < least]


async def tab_walk(page: Page, *, steps: int) -> Sequence[dict[str, Any]]:
    """Press Tab so often; each stop's name, the width of its outline in pixels, and whether the window shows both.

    A field that has the focus from the start is the first stop.
    """
    stops = []
    for step in range(steps):
        if step or await page.evaluate("document.activeElement === document.body"):
            await page.keyboard.press("Tab")
        stops.append(await page.evaluate(FOCUSED))
    return stops
