"""What other processes, and other calls in this one, did while a move was under way is neither undone nor forgotten."""

import pytest
from rememberizer_mcp.server.errors import AccountChanged

from tests.support.agent import ADA, GRACE
from tests.support.clock import FakeClock
from tests.support.redis import RedisServer
from tests.support.sharing import replicas, sign_in
from tests.support.upstream import FakeUpstream

pytestmark = [pytest.mark.needs("redis-server"), pytest.mark.promise("hosting:store:one-at-a-time")]


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


@pytest.mark.parametrize("leaves_page", [False, True])
@pytest.mark.parametrize("signs_in", [False, True])
async def test_a_sign_out_elsewhere_stays_one_though_a_move_was_too_slow(
    upstream: FakeUpstream, clock: FakeClock, redis: RedisServer, *, leaves_page: bool, signs_in: bool
) -> None:
    """Of a sign-out nothing is left in Redis, or how the last page ended."""
    async with replicas(2, upstream, clock, redis) as (one, other):
        async with one.store.moving("ada", create=True) as session:
            if leaves_page:
                await one.desk.open(session)
            await session.sign_in(**ADA, captcha=None)
            session.close_page()
        await other.session("ada")

        async def move() -> None:
            async with one.store.moving("ada") as moving:
                redis.asked.delete(*redis.names("locks"))  # as if its life were over
                async with other.store.moving("ada") as there:
                    await there.sign_out()
                if signs_in:
                    await moving.sign_in(**GRACE, captcha=None)
                moving.grant.verifies_elsewhere = True

        with pytest.raises(AccountChanged):
            await move()
        assert [await on.find("ada") for on in (one, other)] == [None, None]
        assert (await sign_in(one, "ada", GRACE)).email == (await other.session("ada")).email == GRACE["email"]
