"""``make pictures`` makes the README's picture of a demo that really runs."""

import re
import struct
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import Browser
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from tests.docs.film.drawing import BAR, HEIGHT, PAGE_LEFT, PAGE_TOP, WIDTH
from tests.docs.film.reading import PNG, Picture
from tests.docs.film.recording import LONGEST_SECONDS, PAGE_SIZE, SCALE, terminal
from tests.docs.film.screen import ROWS
from tests.support.browser import watched
from tests.support.ports import site_of

pytestmark = [
    pytest.mark.needs("chromium"),
    pytest.mark.promise("repository:pages:picture"),
    pytest.mark.timeout(LONGEST_SECONDS + 60),
]
MOST_BYTES = 1_500_000
AT_THE_PAGE = "(the person opens the link, compares the code, and continues as the sandbox's guest)"
# What GitHub sends with a picture of a repository.
POLICY = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox"}
VISIBLE = """() => [...document.querySelectorAll(".f")]
  .filter(frame => getComputedStyle(frame).visibility === "visible").map(frame => frame.id)"""
AT = """([share, visible]) => {
  const animations = document.getAnimations(), length = animations[0].effect.getTiming().duration;
  for (const each of animations) { each.pause(); each.currentTime = share * length; }
  return eval(visible)();
}"""
COLOURS = """([left, top, width, height]) => {
  const canvas = document.createElement("canvas"), picture = document.querySelector("img");
  canvas.width = picture.naturalWidth; canvas.height = picture.naturalHeight;
  const context = canvas.getContext("2d");
  context.drawImage(picture, 0, 0);
  const pixels = new Uint32Array(context.getImageData(left, top, width, height).data.buffer);
  return new Set(pixels).size;
}"""


@pytest.fixture
def picture(made: Path) -> Picture:
    return Picture(made.read_text(encoding="utf-8"))


def test_the_picture_holds_the_lines_of_the_demo_in_their_order(picture: Picture) -> None:
    assert picture.rows[0] == "$ make demo"
    assert [step.partition(".")[0] for step in picture.steps] == [str(number) for number in range(1, 14)]
    assert picture.rows[-1].startswith("Every step did what it should, in ")
    assert AT_THE_PAGE in picture.rows
    assert not [row for row in picture.rows if "\x1b" in row]


def test_the_page_is_photographed_twice_in_front_of_the_question_for_it(picture: Picture) -> None:
    as_it_comes, signed_in = picture.photographs
    size = struct.pack(">II", *(int(SCALE * PAGE_SIZE[side]) for side in ("width", "height")))
    assert as_it_comes != signed_in
    assert {png[:8] + png[16:24] for png in (as_it_comes, signed_in)} == {b"\x89PNG\r\n\x1a\n" + size}
    behind = [picture.seen(frame) for frame in picture.frames if {"p0", "p1"} & set(picture.seen(frame))]
    assert [seen[-1] for seen in behind] == ["p0", "p1"]
    assert all(AT_THE_PAGE in map(picture.row, seen) for seen in behind)


def test_the_picture_begins_with_a_search_and_is_never_nearly_empty(picture: Picture) -> None:
    first, *_ = shown = [[row for row in picture.seen(frame) if row not in ("p0", "p1")] for frame in picture.frames]
    assert any(picture.row(row).startswith("search(") for row in first)
    assert min(map(len, shown)) > ROWS / 3


def test_the_picture_is_small_and_asks_for_nothing(made: Path, picture: Picture) -> None:
    assert made.stat().st_size < MOST_BYTES
    assert picture.kinds == {"svg", "style", "defs", "g", "text", "use", "rect", "circle", "image"}
    assert not [link for link in picture.links if not link.startswith(("#", PNG))]


async def test_one_frame_is_seen_at_each_moment_and_each_in_its_turn(made: Path, browser: Browser) -> None:
    async with watched(browser) as profile:
        page = await profile.context.new_page()
        await page.set_content(made.read_text(encoding="utf-8"))
        seen = [await page.evaluate(AT, [moment / 200, VISIBLE]) for moment in range(200)]
        assert {len(frames) for frames in seen} == {1}
        count = len(Picture(made.read_text(encoding="utf-8")).frames)
        assert list(dict.fromkeys(name for (name,) in seen)) == [f"f{number}" for number in range(count)]


async def test_nothing_moves_for_those_who_asked_for_that(made: Path, browser: Browser, picture: Picture) -> None:
    async with watched(browser, reduced_motion="reduce") as profile:
        page = await profile.context.new_page()
        await page.set_content(made.read_text(encoding="utf-8"))
        assert await page.evaluate("document.getAnimations().length") == 0
        (name,) = await page.evaluate(VISIBLE)
        (still,) = [frame for frame in picture.frames if frame.get("id") == name]
        assert picture.seen(still)[-1] == "p0"


@asynccontextmanager
async def shown(picture: Path) -> AsyncIterator[str]:
    """The address of a page with the picture, standing still, which comes with GitHub's policy."""
    still = re.sub(r"#f\d+{animation:[^}]*}", "", picture.read_text(encoding="utf-8"))

    async def page(_: Request) -> Response:
        return HTMLResponse("<!doctype html><title>README</title><img src='/demo.svg' alt='the demo'>")

    async def image(_: Request) -> Response:
        return Response(still, media_type="image/svg+xml", headers=POLICY)

    app = Starlette(routes=[Route("/", page), Route("/demo.svg", image)])
    async with site_of(app) as origin:
        yield f"{origin}/"


async def test_github_s_policy_lets_the_styles_and_the_page_through(made: Path, browser: Browser) -> None:
    async with shown(made) as address, watched(browser) as profile:
        page = await profile.open(address)
        sizes = "() => [document.querySelector('img').naturalWidth, document.querySelector('img').naturalHeight]"
        assert await page.evaluate(sizes) == [WIDTH, HEIGHT]
        photograph = [PAGE_LEFT, PAGE_TOP + BAR, PAGE_SIZE["width"], PAGE_SIZE["height"]]
        assert await page.evaluate(COLOURS, photograph) > 100


async def test_a_demo_that_fails_makes_no_picture() -> None:
    with pytest.raises(subprocess.CalledProcessError):
        [chunk async for chunk in terminal(["false"], {})]
