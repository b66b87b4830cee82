"""An upstream with two accounts, and two processes that share the sessions of its people."""

from collections.abc import AsyncIterator

import pytest

from tests.support.clock import FakeClock
from tests.support.redis import RedisServer
from tests.support.sharing import Pair, two
from tests.support.two_accounts import me, signin
from tests.support.upstream import FakeUpstream, reply, usual


@pytest.fixture
def upstream() -> FakeUpstream:
    return usual(account=reply(200, json={}), me=me, signin=signin)


@pytest.fixture
async def pair(upstream: FakeUpstream, clock: FakeClock, redis: RedisServer) -> AsyncIterator[Pair]:
    async with two(upstream, clock, redis) as found:
        yield found
