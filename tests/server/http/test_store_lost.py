"""Redis that is lost while a tool writes: the error doesn't say to do again what may have been done."""

from typing import Any

import httpx
import pytest
from rememberizer_mcp.server.clients import Clients

from tests.support.agent import ADA, ERAS, Around, Era, agent_on, server_on
from tests.support.clock import FakeClock
from tests.support.redis import OLD, RedisServer, redis_shelf
from tests.support.upstream import reply, tokens, usual

pytestmark = [pytest.mark.needs("redis-server"), pytest.mark.promise("hosting:store:unavailable")]


TOLD = {
    "signup": ("auth/signup/", "The account may have been made: in some seconds call `login`"),
    "verify": ("auth/verify-email/", "The code may have been taken: in some seconds call `session_status`"),
    "login": ("auth/signin/", "Call again in some seconds with the same arguments"),
}


@pytest.mark.parametrize("era", ERAS)
@pytest.mark.parametrize("tool", TOLD)
async def test_what_was_done_is_not_to_be_done_again(era: Era, tool: str, redis: RedisServer, clock: FakeClock) -> None:
    def lose_redis(_: httpx.Request) -> httpx.Response:
        redis.stop()
        return reply(cookies=tokens(2))

    upstream, (path, told) = usual(), TOLD[tool]
    arguments: dict[str, Any] = {"verification_code": "123456"} if tool == "verify" else ADA
    async with redis_shelf(redis, clock=clock) as shelf:
        clients = Clients(shared=shelf, keys=[OLD], remembered_seconds=1000)
        async with agent_on(server_on(upstream.transport, clock, Around(clients=clients)), era) as agent:
            if tool == "verify":
                await agent.call("login", **ADA)
            upstream.answers[path] = lose_redis
            error = await agent.fails(tool, **arguments)
            redis.start()
            assert error["code"] == "store_unavailable"
            assert told in error["hint"]
            assert (await agent.call("session_status"))["email"] == ADA["email"]
