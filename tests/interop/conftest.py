"""Runs each client once, and one authorization server and one browser for a file's tests."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser

from tests.interop.client import CLIENTS
from tests.interop.provider import Provider, provider
from tests.interop.run import Run, make_journey
from tests.support.browser import chromium
from tests.support.signing import Key


@pytest.fixture(scope="session", params=CLIENTS, ids=lambda client: client.name)
def run(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Run:
    return make_journey(request.param, tmp_path_factory.mktemp("interop"))


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Browser]:
    """Each test has a fresh profile of it."""
    async with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
async def issuer() -> AsyncIterator[Provider]:
    """A whole authorization server, whose keys stay as they are."""
    async with provider(Key()) as served:
        yield served
