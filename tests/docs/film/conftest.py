import os
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser

from tests.docs.film.recording import LONGEST_SECONDS
from tests.docs.regions import ROOT
from tests.support.browser import chromium


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Browser]:
    """One browser for a file's tests."""
    async with chromium() as browser:
        yield browser


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory, trace: dict[str, str]) -> Path:
    """The picture as it comes out now."""
    picture = tmp_path_factory.mktemp("film") / "demo.svg"
    command = [sys.executable, "-m", "tests.docs.film", str(picture)]
    subprocess.run(command, cwd=ROOT, env=os.environ | trace, check=True, timeout=LONGEST_SECONDS + 30)
    return picture
