"""The pages as a person meets them: in a browser, light and dark, on a phone, with the keyboard alone."""

import os
from collections.abc import AsyncIterator, Sequence
from itertools import cycle, product
from pathlib import Path

import pytest
from playwright.async_api import Browser

from tests.server.signin.gallery import Gallery, gallery, look
from tests.server.signin.support import VIEWS
from tests.support.browser import overflow, small_targets, tab_walk, violations, watched
from tests.support.tiers import matrix

pytestmark = [pytest.mark.needs("chromium"), pytest.mark.promise("page:look:accessible")]
LOOKS = ("light", "dark", "phone")
KINDS = [f"{name}-{how}" for name, how in product(VIEWS, LOOKS)]
USUAL_KINDS = [f"{name}-{how}" for name, how in zip(VIEWS, cycle(LOOKS), strict=False)]
"""Each page in one of the looks."""
PICTURE_LIMIT = 120_000
IN_VIEW = """selectors => selectors.map(selector => document.querySelector(selector).getBoundingClientRect())
  .map(({top, bottom}) => top >= 0 && bottom <= innerHeight)"""


@pytest.fixture
async def hall() -> AsyncIterator[Gallery]:
    async with gallery() as hall:
        yield hall


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Where the pictures go: the folder named by PICTURES, else one that is thrown away."""
    return Path(os.environ.get("PICTURES", tmp_path))


@pytest.mark.parametrize("kind", matrix({kind: kind for kind in KINDS}, usual=USUAL_KINDS))
async def test_a_page_is_accessible_and_fits(kind: str, browser: Browser, hall: Gallery, pictures: Path) -> None:
    name, _, how = kind.rpartition("-")
    async with watched(browser, **look(how)) as profile:
        page = await profile.open(hall.of(name))
        assert await violations(page) == ""
        assert await overflow(page) == 0
        assert not await small_targets(page)
        await page.screenshot(path=pictures / f"{kind}.png", full_page=True)


@pytest.mark.parametrize("how", ["light", "dark"])
async def test_the_readmes_pictures_are_small(how: str, browser: Browser, hall: Gallery, pictures: Path) -> None:
    """``make pictures`` runs this one."""
    picture = pictures / f"sign-in-{how}.png"
    async with watched(browser, **look(how) | {"device_scale_factor": 1.375}) as profile:
        page = await profile.open(hall.of("sign-in"))
        await page.screenshot(path=picture, full_page=True)
    assert picture.stat().st_size < PICTURE_LIMIT


@pytest.mark.parametrize("how", ["light", "dark", "phone"])
@pytest.mark.parametrize("name", ["sign-in", "sign-in-captcha", "verify", "verify-mailed"])
async def test_the_sandboxs_pages_do_too(name: str, how: str, browser: Browser, hall: Gallery) -> None:
    async with watched(browser, **look(how)) as profile:
        page = await profile.open(hall.of(name, sandbox=True))
        assert await violations(page) == ""
        assert await overflow(page) == 0
        assert not await small_targets(page)


@pytest.mark.parametrize("how", ["light", "dark", "phone"])
async def test_what_unfolds_is_accessible_and_fits(how: str, browser: Browser, hall: Gallery) -> None:
    async with watched(browser, **look(how)) as profile:
        page = await profile.open(hall.of("browser-session"))
        for summary in await page.locator("summary").all():
            await summary.click()
            assert await page.locator("details[open]").count() == 1
            assert await violations(page) == ""
            assert await overflow(page) == 0
            assert not await small_targets(page)


@pytest.mark.parametrize("name", VIEWS)
async def test_text_of_twice_the_size_fits_a_small_window(name: str, browser: Browser, hall: Gallery) -> None:
    async with watched(browser, viewport={"width": 480, "height": 640}) as profile:
        page = await profile.open(hall.of(name))
        await page.evaluate("document.documentElement.style.fontSize = '200%'")
        assert await overflow(page) == 0


WALKS: dict[str, Sequence[str]] = {
    "sign-in": ["email", "password", "Sign in", "Forgot your password? Reset it at rememberizer.ai",
                "Create an account", "Sign in without a password (Google, Microsoft)"],
    "sign-up": ["name", "email", "password", "Create account",
                "I have an account already"],
    "browser-session": ["Chrome, Edge and relatives", "Firefox", "Safari", "refresh_token", "Use this session",
                        "Or use an API key, without signing in", "Sign in with a password"],
    "verify": ["verification_code", "Verify", "later"],
    "oauth": ["Continue to Rememberizer"],
}  # fmt: skip


@pytest.mark.parametrize("how", ["light", "phone"])
@pytest.mark.parametrize("name", WALKS)
async def test_the_keyboard_reaches_everything_in_order(name: str, how: str, browser: Browser, hall: Gallery) -> None:
    async with watched(browser, **look(how)) as profile:
        page = await profile.open(hall.of(name))
        stops = await tab_walk(page, steps=len(WALKS[name]))
        assert [" ".join(stop["name"].split()) for stop in stops] == WALKS[name]
        assert all(stop["outline"] >= 2 and stop["seen"] for stop in stops), stops


@pytest.mark.parametrize(
    ("name", "focused"),
    [
        ("sign-in-again", "password"),
        ("sign-in-captcha", "error"),
        ("sign-in-unreachable", "error"),
        ("sign-in", "email"),
        ("sign-up", "name"),
        ("verify", "verification_code"),
        ("browser-session", ""),
    ],
)
async def test_a_complaint_or_else_the_first_field_has_the_focus(
    name: str, focused: str, browser: Browser, hall: Gallery
) -> None:
    async with watched(browser) as profile:
        page = await profile.open(hall.of(name))
        await page.wait_for_function("id => document.activeElement.id === id", arg=focused)


@pytest.mark.promise("page:look:first-field")
@pytest.mark.parametrize("sandbox", [False, True])
async def test_in_a_low_window_the_confirm_code_stays_in_view(sandbox: bool, browser: Browser, hall: Gallery) -> None:
    async with watched(browser, viewport={"width": 440, "height": 400}) as profile:
        page = await profile.open(hall.of("sign-in", sandbox=sandbox))
        focused = "button.way" if sandbox else "#email"
        await page.wait_for_selector(f"{focused}:focus")
        assert await page.evaluate(IN_VIEW, ["#confirm .code", focused]) == [True, True]


async def test_a_person_signs_in_with_the_keyboard_alone(browser: Browser, hall: Gallery) -> None:
    """Under the page's policy the form may be sent, and the browser says from where."""
    async with watched(browser) as profile:
        page = await profile.open(hall.of("sign-in"))
        for key in ("a@b.example", "Tab", "a passphrase", "Enter"):
            await (page.keyboard.press(key) if key in ("Tab", "Enter") else page.keyboard.type(key))
        await page.get_by_role("heading", name="You are signed in").wait_for()
        fields = {"form": "sign_in", "email": "a@b.example", "password": "a passphrase"}
        assert hall.posted == [(hall.url, fields)]


async def test_the_sandboxs_captcha_is_one_key(browser: Browser, hall: Gallery) -> None:
    async with watched(browser) as profile:
        page = await profile.open(hall.of("sign-in-again", sandbox=True))
        await page.keyboard.type("a passphrase")
        for key in ("Tab", "Space", "Enter"):
            await page.keyboard.press(key)
        await page.get_by_role("heading", name="You are signed in").wait_for()
        ((_, fields),) = hall.posted
        assert fields["captcha"] == "sandbox-captcha"


async def test_a_code_is_left_for_later_without_typing_one(browser: Browser, hall: Gallery) -> None:
    async with watched(browser) as profile:
        page = await profile.open(hall.of("verify"))
        await page.get_by_role("button", name="Do this later").click()
        await page.get_by_role("heading", name="You are signed in").wait_for()
        assert hall.posted == [(hall.url, {"form": "verify", "verification_code": "", "later": "later"})]


@pytest.mark.parametrize(("motion", "duration"), [("no-preference", "0.15s, 0.15s"), ("reduce", "0s")])
async def test_nothing_moves_for_those_who_asked_for_that(
    motion: str, duration: str, browser: Browser, hall: Gallery
) -> None:
    async with watched(browser, reduced_motion=motion) as profile:
        page = await profile.open(hall.of("sign-in"))
        button = page.get_by_role("button", name="Sign in")
        assert await button.evaluate("element => getComputedStyle(element).transitionDuration") == duration
