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
    seconds: float, answers: dict[str, Answer | list[Answer]], *, era: Era = "2026-07-28"
) -> AsyncIterator[tuple[Agent, FakeUpstream]]:
    """A session whose access token ends in so many seconds."""
    clock = FakeClock()
    access = jwt({"iat": clock(), "exp": clock() + 100})
    signin = reply(cookies=tokens() | {"access_token": f"{access}; Path=/"})
    upstream = knowledge({"auth/signin/": signin, "documents/search/": FOUND} | answers)
    async with agent_on(server_on(upstream.transport, clock, toolsets="all"), era) as agent:
        await agent.call("login", **ADA)
        clock.advance(100 - seconds)
        yield agent, upstream


@pytest.mark.promise("upstream:refresh:once-a-call")
@pytest.mark.parametrize("era", ERAS)
@each_loss
async def test_a_call_goes_on_with_a_token_that_is_still_good(era: Era, lost: Answer, code: str) -> None:
    async with ending_in(20, {REFRESH: lost}, era=era) as (agent, upstream):
        for number in (1, 2):
            assert (await agent.call("search", query="x"))["matches"] == []
            assert len(upstream.asked(REFRESH)) == number, code


@pytest.mark.promise("upstream:refresh:once-a-call")
@each_loss
async def test_a_call_whose_token_has_ended_ends_with_the_error_of_the_refresh(lost: Answer, code: str) -> None:
    async with ending_in(-1, {REFRESH: [lost, reply(cookies=tokens(2))]}) as (agent, upstream):
        assert (await agent.fails("search", query="x"))["code"] == code
        assert upstream.paths[-1] == REFRESH
        assert len(upstream.asked(REFRESH)) == 1
        assert (await agent.call("search", query="x"))["matches"] == []


@pytest.mark.promise("upstream:refresh:once-a-call")
@each_loss
async def test_a_401_after_a_lost_refresh_leads_to_no_second_one(lost: Answer, code: str) -> None:
    async with ending_in(20, {REFRESH: lost, "documents/search/": reply(401, json={})}) as (agent, upstream):
        assert (await agent.fails("search", query="x"))["code"] == code
        assert upstream.paths[-2:] == [REFRESH, "documents/search/"]
        assert len(upstream.asked(REFRESH)) == 1
        assert (await agent.call("session_status"))["state"] == "signed_in"


@pytest.mark.promise("upstream:refresh:once-a-call")
async def test_a_call_of_several_requests_refreshes_once() -> None:
    answers: list[Answer] = [reply(200, json={"id": 12, "name": "x"}), reply(204)]
    async with ending_in(20, {REFRESH: cut, "mementos/12/": answers}) as (agent, upstream):
        await agent.call("delete_memento", id="12", confirm=True)
        assert upstream.paths[-3:] == [REFRESH, "mementos/12/", "mementos/12/"]
        assert len(upstream.asked(REFRESH)) == 1


@pytest.mark.promise("upstream:refresh:once-a-call")
async def test_a_resource_refreshes_once_too() -> None:
    async with ending_in(20, {REFRESH: cut, "documents/7/contents/": reply(200, json={"content": "x"})}) as (
        agent,
        upstream,
    ):
        await agent.client.read_resource("rememberizer://documents/7")
        assert len(upstream.asked(REFRESH)) == 1


WRITES = [
    ("remember", {"name": "n", "content": "c"}, "documents/memorize/"),
    ("create_memento", {"name": "n"}, "mementos/"),
    ("create_vector_store", {"name": "n"}, "vector-stores/"),
]


@pytest.mark.promise("upstream:refresh:nothing-stored")
@each_loss
@pytest.mark.parametrize("write", WRITES, ids=lambda write: write[0])
@pytest.mark.parametrize("seconds", [-1, 90], ids=["token ended", "write refused"])
async def test_after_a_lost_refresh_no_write_says_that_it_may_have_been_done(
    lost: Answer, code: str, write: tuple[str, dict[str, Any], str], seconds: float
) -> None:
    tool, arguments, path = write
    async with ending_in(seconds, {REFRESH: lost, path: reply(401, json={})}) as (agent, upstream):
        error = await agent.fails(tool, **arguments)
        assert len(upstream.asked(path)) == int(seconds > 0)
    assert error["code"] == code
    assert "all the same" not in error["hint"]


@pytest.mark.promise("upstream:refresh:nothing-stored")
@pytest.mark.parametrize("write", WRITES, ids=lambda write: write[0])
async def test_a_repeat_that_is_lost_after_the_refresh_says_that_it_may_have_been_done(
    write: tuple[str, dict[str, Any], str],
) -> None:
    tool, arguments, path = write
    async with ending_in(90, {REFRESH: reply(cookies=tokens(2)), path: [reply(401, json={}), cut]}) as (
        agent,
        upstream,
    ):
        assert "all the same" in (await agent.fails(tool, **arguments))["hint"]
        assert len(upstream.asked(path)) == 2
