"""Sessions and stores in a test, without the MCP layer above them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from math import inf

import anyio
from rememberizer_mcp.server.api.client import RememberizerAPI
from rememberizer_mcp.server.api.endpoints import Endpoint, Takes
from rememberizer_mcp.server.api.turns import Turns
from rememberizer_mcp.server.logs.redaction import KnownSecrets
from rememberizer_mcp.server.sessions.keychain import Keychain
from rememberizer_mcp.server.sessions.session import Session
from rememberizer_mcp.server.sessions.shelf import MemoryShelf
from rememberizer_mcp.server.sessions.states import Environment
from rememberizer_mcp.server.sessions.store import SessionStore

from tests.support.agent import ADA
from tests.support.clock import FakeClock
from tests.support.upstream import BASE_URL, FakeUpstream

ACCOUNT = Endpoint("GET", "account/", Takes.ACCOUNT).call()


class Owner(str):
    """A name that a test can hold weakly."""

    __slots__ = ("__weakref__",)


@asynccontextmanager
async def environment_on(
    upstream: FakeUpstream,
    clock: FakeClock,
    *,
    secrets: KnownSecrets | None = None,
    budget_seconds: float = 5,
    keychain: Keychain | None = None,
    turns: Turns | None = None,
) -> AsyncIterator[Environment]:
    api = RememberizerAPI(base_url=BASE_URL, transport=upstream.transport, sleep=clock.sleep, now=clock, turns=turns)
    async with anyio.create_task_group() as tasks:
        yield Environment(
            api=api,
            secrets=secrets or KnownSecrets(),
            spawn=tasks.start_soon,
            budget_seconds=budget_seconds,
            keychain=keychain,
            now=clock,
            shelf=MemoryShelf(now=clock, clock=clock),
        )
        tasks.cancel_scope.cancel()
    await api.aclose()
    await resync()


@asynccontextmanager
async def signed_in(
    upstream: FakeUpstream, clock: FakeClock, *, secrets: KnownSecrets | None = None, budget_seconds: float = 5
) -> AsyncIterator[Session]:
    """A session that Ada has signed in to."""
    async with environment_on(upstream, clock, secrets=secrets, budget_seconds=budget_seconds) as environment:
        session = store_of(environment).open("owner")
        await session.sign_in(**ADA, captcha=None)
        yield session


def store_of(
    environment: Environment, *, most: int = 2, idle: float = 100, lifetime: float = 1000, remembered: float = inf
) -> SessionStore:
    return SessionStore(
        environment=environment,
        idle_seconds=idle,
        lifetime_seconds=lifetime,
        most_sessions=most,
        remembered_seconds=remembered,
    )


async def session_of(store: SessionStore, owner: str | None) -> Session:
    """The owner's session, after a sign-in as Ada."""
    async with store.moving(owner, create=True) as session:
        await session.sign_in(**ADA, captcha=None)
    return session


async def resync() -> None:
    """After a cancellation CPython 3.11 (gh-106749) loses trace events until the next checkpoint."""
    await anyio.lowlevel.checkpoint()
