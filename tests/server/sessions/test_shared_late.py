"""Redis hangs at the end of a move, and does or does not what it was asked last: the next call finds the move done."""

from collections.abc import Awaitable, Callable
from contextlib import ExitStack

import anyio
import pytest
from anyio import wait_all_tasks_blocked
from rememberizer_mcp.server.errors import StoreUnavailable
from rememberizer_mcp.server.sessions.redis_shelf import ANSWER_SECONDS
from rememberizer_mcp.server.sessions.session import Session
from rememberizer_mcp.server.signin.pending import End

from tests.support.clock import FakeClock, leap
from tests.support.redis import RedisServer
from tests.support.sharing import Replica, replicas, sign_in
from tests.support.upstream import FakeUpstream

pytestmark = [pytest.mark.needs("redis-server"), pytest.mark.promise("hosting:store:one-at-a-time")]


async def unanswered(on: Replica, redis: RedisServer, work: Callable[[Session], Awaitable[object]]) -> None:
    """Make a move at whose end Redis hangs, until nobody waits for its answer any longer."""
    hanging, is_stuck = ExitStack(), anyio.Event()

    async def move() -> None:
        async with on.store.moving("ada") as session:
            await work(session)
            hanging.enter_context(redis.hung())
            is_stuck.set()

    async def fail() -> None:
        with pytest.raises(StoreUnavailable):
            await move()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(fail)
        await is_stuck.wait()
        await wait_all_tasks_blocked()
        leap(ANSWER_SECONDS)
    hanging.close()


@pytest.mark.parametrize("is_over", [False, True])
async def test_a_sign_out_is_one(
    upstream: FakeUpstream, clock: FakeClock, redis: RedisServer, *, is_over: bool
) -> None:
    async with replicas(2, upstream, clock, redis) as (one, other):
        await sign_in(one, "ada")
        await unanswered(one, redis, Session.sign_out)
        if is_over:
            redis.asked.delete(*redis.names("sessions"))  # as if its life were over
        assert [await on.find("ada") for on in (one, other)] == [None, None]


async def test_a_page_that_ended_has_ended(upstream: FakeUpstream, clock: FakeClock, redis: RedisServer) -> None:
    async def decline(_: Session) -> None:
        page.stop(End.DECLINED)

    async with replicas(2, upstream, clock, redis) as (one, other):
        async with one.store.moving("ada", create=True) as session:
            page = await one.desk.open(session)
        await unanswered(one, redis, decline)
        assert [await on.find("ada") for on in (one, other)] == [None, None]
        late = await other.desk.page(page.ticket)
        assert late is not None
        assert late.end is End.DECLINED
