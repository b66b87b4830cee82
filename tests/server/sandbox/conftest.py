from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import anyio
import pytest
from rememberizer_mcp.server.sandbox.app import Sandbox
from rememberizer_mcp.server.sandbox.config import SandboxConfig
from rememberizer_mcp.server.sandbox.listener import outbox_listener
from rememberizer_mcp.server.sandbox.mailbox import OutboxAddress

from tests.server.sandbox.stores import Store, new_store
from tests.server.sandbox.support import API, WAIT_SECONDS
from tests.support.clock import FakeClock


@pytest.fixture
def sandbox(clock: FakeClock) -> Iterator[Sandbox]:
    with Sandbox(SandboxConfig(now=clock)) as sandbox:
        yield sandbox


@pytest.fixture
async def api(sandbox: Sandbox) -> AsyncIterator[API]:
    async with API(sandbox) as api:
        yield api


@pytest.fixture
async def address(sandbox: Sandbox, tmp_path: Path) -> AsyncIterator[OutboxAddress]:
    """The outbox of `sandbox`, on a port of its own."""
    with anyio.fail_after(WAIT_SECONDS):
        async with outbox_listener(sandbox, tmp_path) as address:
            yield address


@pytest.fixture
async def store(sandbox: Sandbox, api: API) -> AsyncIterator[Store]:
    """A vector store of the account that `api` is signed in to."""
    await api.sign_up()
    async with await new_store(sandbox, api) as store:
        yield store
