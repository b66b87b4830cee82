from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser

from tests.support.browser import chromium


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Browser]:
    """One browser for a file's tests; each test has a fresh profile of it, by ``watched``."""
    async with chromium() as browser:
        yield browser
