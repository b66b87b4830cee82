"""Runs each client once, and one browser for a file's tests."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser

from tests.interop.client import CLIENTS
from tests.interop.run import Run, make_journey
from tests.support.browser import chromium


@pytest.fixture(scope="session", params=CLIENTS, ids=lambda client: client.name)
def run(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Run:
    return make_journey(request.param, tmp_path_factory.mktemp("interop"))


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Browser]:
    """Each test has a fresh profile of it."""
    async with chromium() as browser:
        yield browser
