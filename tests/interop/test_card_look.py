"""How the sign-in card looks in Chromium: accessible in each theme, in a narrow chat; and its pictures in the docs."""

import os
from collections.abc import Mapping
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser

from tests.interop.chat import COMMANDS, Chat, chat
from tests.interop.test_card import agent
from tests.support.agent import ADA
from tests.support.browser import overflow, small_targets, violations
from tests.support.tiers import matrix

pytestmark = [pytest.mark.needs(*COMMANDS), pytest.mark.promise("card:look:accessible")]
PICTURE_LIMIT = 80_000
OF_A_HOST = {"--color-background-primary": "#102030", "--color-text-primary": "#ffffff"}
LOOKS: Mapping[str, Mapping[str, Any]] = {
    "light": {"theme": "light"},
    "dark": {"theme": "dark"},
    "host": {"theme": "dark", "styles": {"variables": OF_A_HOST}},
}


async def starting(_: Chat) -> None:
    pass


async def pending(host: Chat) -> None:
    await host.call("login", email=ADA["email"])
    await host.card.get_by_role("button").wait_for()


async def refused(host: Chat) -> None:
    host.opens = False
    await pending(host)
    await host.card.get_by_role("button").click()
    await host.card.get_by_text("Copy its address").wait_for()


async def signed_in(host: Chat) -> None:
    await host.call("login", **ADA)
    await host.shows(f"Signed in as {ADA['email']}")


STATES = {state.__name__: state for state in (starting, pending, refused, signed_in)}
KINDS = {f"{look}-{state}": (look, state) for look, state in product(LOOKS, STATES)}


@pytest.mark.parametrize(
    ("look", "state"), matrix(KINDS, usual=["light-pending", "dark-pending", "host-refused", "light-signed_in"])
)
async def test_the_card_is_accessible_and_fits_in_each_theme(look: str, state: str, browser: Browser) -> None:
    size = {"viewport": {"width": 288, "height": 600}}
    async with agent() as model, chat(browser, model, context=LOOKS[look], **size) as host:
        await STATES[state](host)
        assert await violations(host.card) == ""
        assert await overflow(host.card) == 0
        assert not await small_targets(host.card)


@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_the_readmes_pictures_of_the_card_are_small(theme: str, browser: Browser, tmp_path: Path) -> None:
    """``make pictures`` runs this one."""
    picture = Path(os.environ.get("PICTURES", tmp_path)) / f"card-{theme}.png"
    size: dict[str, Any] = {"viewport": {"width": 480, "height": 400}, "device_scale_factor": 1.5}
    async with agent() as model, chat(browser, model, context={"theme": theme}, **size) as host:
        await pending(host)
        await host.page.locator("#sandbox").screenshot(path=picture)
    assert picture.stat().st_size < PICTURE_LIMIT
