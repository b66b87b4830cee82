"""What happens in another process, or in another call here, between two steps of a call."""

from functools import partial

import anyio
import pytest
from rememberizer_mcp.server.errors import AccountChanged
from rememberizer_mcp.server.sessions.shelf import Change

from tests.support.agent import ADA, GRACE
from tests.support.clock import FakeClock
from tests.support.redis import RedisServer
from tests.support.sharing import Pair, look_that_both_count, sign_in
from tests.support.upstream import BASE_URL

pytestmark = [pytest.mark.needs("redis-server"), pytest.mark.promise("hosting:store:one-at-a-time")]


async def test_what_was_read_before_a_move_here_does_not_undo_the_move(pair: Pair) -> None:
    one, other, _, _ = pair
    assert one.shelf
    await sign_in(other, "ada", GRACE)
    one.shelf.meanwhile = partial(sign_in, one, "ada", ADA)
    await one.store.catch_up("ada")
    assert (await one.session("ada")).email == (await other.session("ada")).email == ADA["email"]


async def test_tokens_that_are_written_while_a_move_is_written_stay(pair: Pair) -> None:
    one, _, here, _ = pair
    shelf = one.shelf
    assert shelf
    async with one.store.moving("ada") as moving:
        moving.grant.verifies_elsewhere = True
        shelf.meanwhile = here.grant.refresh
    await look_that_both_count(pair)


async def test_the_tokens_of_a_renewal_elsewhere_go_before_those_of_a_usual_answer_here(pair: Pair) -> None:
    one, _, here, there = pair
    async with one.store.moving("ada") as moving:
        moving.grant.credentials.adopt_refresh_token("refresh-late", url=BASE_URL)
        await there.grant.refresh()
    assert here.grant.credentials.refresh_token == there.grant.credentials.refresh_token != "refresh-late"


async def test_a_sign_in_during_which_redis_loses_its_data_does_not_count(pair: Pair, redis: RedisServer) -> None:
    """It looks the same as a sign-out in another process, which no move may undo."""
    one, other, _, _ = pair

    async def move() -> None:
        async with one.store.moving("ada") as moving:
            redis.asked.flushall()
            await one.store.catch_up("ada")
            await moving.sign_in(**GRACE, captcha=None)

    with pytest.raises(AccountChanged):
        await move()
    assert await one.find("ada") is await other.find("ada") is None


async def test_tokens_that_another_release_wrote_are_as_if_they_were_not_there(pair: Pair, clock: FakeClock) -> None:
    one, _, _, _ = pair
    assert one.shelf
    record = await one.shelf.read("ada", known={})
    assert record
    change = Change(b"[]", "v2", record.parts["tokens"].version)
    await one.shelf.write("ada", {"tokens": change}, used_at=clock(), seconds=60)
    one.store.wipe()
    assert not await (await one.session("ada")).grant.is_usable()


async def test_a_fault_in_telling_ends_no_process(
    pair: Pair, redis: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    async def crash() -> None:
        raise ValueError("canary")

    one, other, here, there = pair
    assert one.shelf
    one.shelf.meanwhile = crash
    with redis.stopped():
        here.grant.credentials.adopt_refresh_token("refresh-late", url=BASE_URL)
        await one.store.keep_tokens(here)
    with anyio.fail_after(20):
        while "could not be told" not in caplog.text:
            await anyio.lowlevel.checkpoint()
    await one.store.catch_up("ada")
    await other.store.catch_up("ada")
    assert there.grant.credentials.refresh_token == "refresh-late"
