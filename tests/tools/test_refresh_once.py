"""A refresh whose answer was lost: tried once within a call, and no reason to say that a write may have been done."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from tests.support.agent import ADA, ERAS, Agent, Era, agent_on, server_on
from tests.support.clock import FakeClock
from tests.support.knowledge import knowledge
from tests.support.upstream import Answer, FakeUpstream, jwt, reply, tokens

REFRESH = "auth/custom-refresh/"
FOUND = reply(200, json={"matched_chunks": []})


def cut(request: httpx.Request) -> httpx.Response:
    raise httpx.ReadError("cut", request=request)


LOST: dict[str, tuple[Answer, str]] = {
    "cut": (cut, "upstream_unreachable"),
    "503": (reply(503), "upstream_unavailable"),
    "page": (reply(404, content=b"<html>"), "upstream_protocol"),
}
each_loss = pytest.mark.parametrize(("lost", "code"), LOST.values(), ids=LOST)


@asynccontextmanager
async def ending_in(
    seconds: float, refresh: Answer | list[Answer], *, era: Era = "2026-07-28", **answers: Answer | list[Answer]
) -> AsyncIterator[tuple[Agent, FakeUpstream, FakeClock]]:
    """A session whose access token ends in so many seconds."""
    clock = FakeClock()
    access = jwt({"iat": clock(), "exp": clock() + 100})
    signin = reply(cookies=tokens() | {"access_token": f"{access}; Path=/"})
    paths: dict[str, Any] = {"auth/signin/": signin, REFRESH: refresh, "documents/search/": FOUND}
    upstream = knowledge(paths | {path.replace("__", "/") + "/": answer for path, answer in answers.items()})
    async with agent_on(server_on(upstream.transport, clock, toolsets="all"), era) as agent:
        await agent.call("login", **ADA)
        clock.advance(100 - seconds)
        yield agent, upstream, clock


@pytest.mark.promise("upstream:refresh:once-a-call")
@pytest.mark.parametrize("era", ERAS)
@each_loss
async def test_a_call_goes_on_with_a_token_that_is_still_good(era: Era, lost: Answer, code: str) -> None:
    async with ending_in(20, lost, era=era) as (agent, upstream, _):
        for number in (1, 2):
            assert (await agent.call("search", query="x"))["matches"] == []
            assert len(upstream.asked(REFRESH)) == number, code


@pytest.mark.promise("upstream:refresh:once-a-call")
@each_loss
async def test_a_call_whose_token_has_ended_ends_with_the_error_of_the_refresh(lost: Answer, code: str) -> None:
    async with ending_in(-1, [lost, reply(cookies=tokens(2))]) as (agent, upstream, _):
        assert (await agent.fails("search", query="x"))["code"] == code
        assert upstream.paths[-1] == REFRESH
        assert len(upstream.asked(REFRESH)) == 1
        assert (await agent.call("search", query="x"))["matches"] == []


@pytest.mark.promise("upstream:refresh:once-a-call")
@each_loss
async def test_a_401_after_a_lost_refresh_leads_to_no_second_one(lost: Answer, code: str) -> None:
    async with ending_in(20, lost, documents__search=reply(401, json={})) as (agent, upstream, _):
        assert (await agent.fails("search", query="x"))["code"] == code
        assert upstream.paths[-2:] == [REFRESH, "documents/search/"]
        assert len(upstream.asked(REFRESH)) == 1
        assert (await agent.call("session_status"))["state"] == "signed_in"


@pytest.mark.promise("upstream:refresh:once-a-call")
async def test_a_call_of_several_requests_refreshes_once() -> None:
    deleted = {"mementos__12": [reply(200, json={"id": 12, "name": "x"}), reply(204)]}
    async with ending_in(20, cut, **deleted) as (agent, upstream, _):
        await agent.call("delete_memento", id="12", confirm=True)
        assert upstream.paths[-3:] == [REFRESH, "mementos/12/", "mementos/12/"]
        assert len(upstream.asked(REFRESH)) == 1


@pytest.mark.promise("upstream:refresh:once-a-call")
async def test_a_resource_refreshes_once_too() -> None:
    async with ending_in(20, cut, documents__7__contents=reply(200, json={"content": "x"})) as (agent, upstream, _):
        await agent.client.read_resource("rememberizer://documents/7")
        assert len(upstream.asked(REFRESH)) == 1
