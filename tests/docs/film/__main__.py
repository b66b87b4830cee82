"""``make pictures`` writes docs/images/demo.svg; it needs Chromium."""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import anyio

from tests.docs.film.making import make
from tests.support.browser import chromium


async def _write(picture: Path) -> None:
    with TemporaryDirectory() as folder:
        async with chromium() as browser:
            picture.write_text(await make(browser, Path(folder)), encoding="utf-8")


anyio.run(_write, Path(sys.argv[1]))
