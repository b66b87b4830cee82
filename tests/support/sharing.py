"""Processes that share their sessions through Redis, as far as tools and pages see of them, in one process."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace

from pydantic import SecretStr
from rememberizer_mcp.server.sessions.limiter import AttemptLimiter
from rememberizer_mcp.server.sessions.session import Session
from rememberizer_mcp.server.sessions.shared import SharedSessions
from rememberizer_mcp.server.sessions.store import SessionStore
from rememberizer_mcp.server.settings.settings import Settings
from rememberizer_mcp.server.signin.desk import SignInDesk

from tests.support.agent import ADA
from tests.support.clock import FakeClock, for_good
from tests.support.redis import Overtaken, RedisServer, redis_shelf
from tests.support.sessions import environment_on, store_of
from tests.support.upstream import FakeUpstream

Sleep = Callable[[float], Awaitable[None]]


@dataclass(frozen=True, kw_only=True)
class Replica:
    """One of the processes; without Redis it shares nothing."""

    store: SessionStore
    desk: SignInDesk
    shelf: Overtaken | None

    async def find(self, owner: str | None, handle: str | None = None) -> Session | None:
        """The session that a call means which comes to this process."""
        await self.store.catch_up(owner, handle)
        return self.store.find(owner, handle)

    async def session(self, owner: str | None, handle: str | None = None) -> Session:
        """That session, which has to be there."""
        found = await self.find(owner, handle)
        assert found is not None
        return found


@asynccontextmanager
async def _replica(
    upstream: FakeUpstream,
    clock: FakeClock,
    redis: RedisServer | None,
    *,
    most: int,
    sleep: Sleep,
    keys: Sequence[SecretStr],
) -> AsyncIterator[Replica]:
    async with AsyncExitStack() as stack:
        environment = await stack.enter_async_context(environment_on(upstream, clock))
        shelf = await stack.enter_async_context(redis_shelf(redis, *keys, clock=clock)) if redis else None
        environment = replace(environment, shelf=shelf or environment.shelf)
        store = store_of(environment, most=most, remembered=1000)
        desk = SignInDesk(
            settings=Settings(),
            sessions=store,
            attempts=AttemptLimiter(environment.shelf),
            environment=environment,
            client=None,
            sleep=sleep,
        )
        if shelf:
            store.others = SharedSessions(shelf, store=store, pages=desk, sleep=clock.sleep)
        stack.push_async_callback(desk.aclose)
        yield Replica(store=store, desk=desk, shelf=shelf)


@asynccontextmanager
async def replicas(
    number: int,
    upstream: FakeUpstream,
    clock: FakeClock,
    redis: RedisServer | None,
    *,
    most: int = 9,
    sleep: Sleep = for_good,
    keys: Sequence[SecretStr] = (),
) -> AsyncIterator[list[Replica]]:
    """So many of them, each with room for so many sessions, and with these keys or the usual one."""
    async with AsyncExitStack() as stack:
        made = [_replica(upstream, clock, redis, most=most, sleep=sleep, keys=keys) for _ in range(number)]
        yield [await stack.enter_async_context(each) for each in made]


async def sign_in(
    on: Replica, owner: str | None, account: Mapping[str, str] = ADA, handle: str | None = None
) -> Session:
    """Sign this account in by a call that comes to this process."""
    await on.store.catch_up(owner, handle)
    async with on.store.moving(owner, handle, create=True) as session:
        await session.sign_in(email=account["email"], password=account["password"], captcha=None)
    return session


Pair = tuple[Replica, Replica, Session, Session]
"""Two processes, and Ada's session in each."""


@asynccontextmanager
async def two(upstream: FakeUpstream, clock: FakeClock, redis: RedisServer) -> AsyncIterator[Pair]:
    """Two processes, and Ada's session in each."""
    async with replicas(2, upstream, clock, redis) as (one, other):
        here = await sign_in(one, "ada")
        yield one, other, here, await other.session("ada")


async def look_that_both_count(pair: Pair) -> None:
    """Both processes have what a move set, ``verifies_elsewhere``, and the tokens of the renewal beside it."""
    one, other, here, there = pair
    await other.store.catch_up("ada")
    await one.store.catch_up("ada")
    assert here.grant.verifies_elsewhere
    assert there.grant.verifies_elsewhere
    assert here.grant.credentials.access_token == there.grant.credentials.access_token
    assert "2" in (here.grant.credentials.access_token or "")
