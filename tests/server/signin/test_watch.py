"""The watch over the browser does notice."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Route

from tests.support.browser import overflow, small_targets, tab_walk, violations, watched
from tests.support.ports import site_of

pytestmark = pytest.mark.needs("chromium")
HEAD = '<!doctype html><html lang="en"><title>x</title><link rel="icon" href="data:,"><main><h1>x</h1>'
PAGES = {
    "good": HEAD,
    "foreign": f'{HEAD}<img alt="" src="http://example.invalid/x.png">',
    "script": f"{HEAD}<script>document.title = 'y'</script>",
    "throwing": f"{HEAD}<script>throw new Error('thrown')</script>",
    "poor": f'{HEAD}<input style="outline: none"><a href="/x" style="color: #ccc">faint</a><pre>{"long " * 400}</pre>',
}


@pytest.fixture
async def site() -> AsyncIterator[str]:
    """Serves the pages; that with a script has a policy against it."""

    async def show(request: Request) -> HTMLResponse:
        name = request.path_params["name"]
        policy = {"Content-Security-Policy": "script-src 'none'"} if name == "script" else {}
        return HTMLResponse(PAGES.get(name, HEAD), status_code=200 if name in PAGES else 404, headers=policy)

    async with site_of(Starlette(routes=[Route("/{name}", show)])) as origin:
        yield origin


@pytest.mark.parametrize("name", ["good", "missing"])
async def test_a_page_that_does_nothing_wrong_passes(name: str, browser: Browser, site: str) -> None:
    async with watched(browser) as profile:
        await profile.open(f"{site}/{name}")
    assert profile.requests == [f"{site}/{name}"]


@pytest.mark.parametrize(
    ("name", "said"),
    [("foreign", "example.invalid"), ("script", "Content Security Policy"), ("throwing", "thrown")],
)
async def test_a_page_that_asks_elsewhere_or_complains_fails(name: str, said: str, browser: Browser, site: str) -> None:
    with pytest.raises(AssertionError, match=said):
        async with watched(browser) as profile:
            await profile.open(f"{site}/{name}")


async def test_a_poor_page_is_found_out(browser: Browser, site: str) -> None:
    async with watched(browser) as profile:
        page = await profile.open(f"{site}/poor")
        report = await violations(page)
        assert "color-contrast" in report
        assert "label" in report
        assert await overflow(page) > 0
        assert len(await small_targets(page)) == 2
        (stop,) = await tab_walk(page, steps=1)
        assert stop["outline"] == 0
