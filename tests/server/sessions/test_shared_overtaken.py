"""What other processes, and other calls in this one, did while a move was under way is neither undone nor forgotten."""

import pytest

from tests.support.agent import GRACE
from tests.support.clock import FakeClock
from tests.support.redis import RedisServer
from tests.support.sharing import replicas, sign_in
from tests.support.two_accounts import me, signin
from tests.support.upstream import FakeUpstream, usual

pytestmark = [pytest.mark.needs("redis-server"), pytest.mark.promise("hosting:store:one-at-a-time")]


@pytest.fixture
def upstream() -> FakeUpstream:
    return usual(me=me, signin=signin)


async def test_a_new_sign_in_keeps_its_tokens_though_those_of_the_one_before_were_renewed_meanwhile(
    upstream: FakeUpstream, clock: FakeClock, redis: RedisServer
) -> None:
    async with replicas(2, upstream, clock, redis) as (one, other):
        await sign_in(one, "ada")
        there = await other.session("ada")
        async with one.store.moving("ada") as moving:
            await moving.sign_in(**GRACE, captcha=None)
            await there.grant.refresh()
            await one.store.catch_up("ada")  # as another call of the same owner does
        assert (await other.session("ada")).email == GRACE["email"]
        assert "9" in (there.grant.credentials.access_token or "")
