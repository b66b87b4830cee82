"""Who asks: the session before the key, the key without an account, and else a person; no tool learns of a renewal."""

import json
import logging
from typing import Any

import httpx
import pytest
from pydantic import BaseModel
from rememberizer_mcp.server.api import endpoints
from rememberizer_mcp.server.errors import NotSignedIn
from rememberizer_mcp.tools.auth.status import KEY_ONLY
from rememberizer_mcp.tools.base.call import ToolCall
from rememberizer_mcp.tools.base.contract import READS, ContractTool, tool

from tests.support.agent import ADA, ERAS, Around, Era, agent_on, server_on
from tests.support.clock import FakeClock
from tests.support.hints import hint
from tests.support.knowledge import KEY, found, knowledge, match
from tests.support.person import sign_in_at
from tests.support.upstream import FakeUpstream, reply, tokens

pytestmark = pytest.mark.parametrize("era", ERAS)
SEARCH, STORE = "documents/search/", "vector-stores/me"
STORE_KEY = "rem_vs_canary-of-a-store"


class Answered(BaseModel):
    """That it was."""

    status: int


async def probe(call: ToolCall, *, endpoint: str) -> Answered:
    """Ask an endpoint by its name in the table."""
    return Answered(status=(await call.request(getattr(endpoints, endpoint).call())).status)


def probing() -> ContractTool:
    return tool(probe, "Probe", READS)


def upstream_with(**overrides: Any) -> FakeUpstream:
    return knowledge(
        {SEARCH: found(match(1)), "mementos/": reply(200, json=[]), STORE: reply(200, json={"id": "vs_1"})}, **overrides
    )


def shown(request: httpx.Request) -> tuple[str | None, str | None]:
    """The key and the cookies of a request."""
    assert "authorization" not in request.headers
    return request.headers.get("x-api-key"), request.headers.get("cookie")


@pytest.mark.promise("tools:credentials:one-table")
async def test_without_an_account_the_key_asks_and_nobody_signs_in(era: Era) -> None:
    upstream = upstream_with()
    async with agent_on(server_on(upstream.transport, api_token=KEY, **ADA), era) as agent:
        await agent.call("search", query="tea")
        status = await agent.call("session_status")
    assert upstream.paths == [SEARCH]
    assert shown(upstream.requests[0]) == (KEY, None)
    assert (status["state"], status["method"], status["next"]) == ("signed_out", "api_key", KEY_ONLY)


@pytest.mark.promise("tools:credentials:one-table")
async def test_a_signed_in_account_goes_before_the_key_until_it_signs_out(era: Era) -> None:
    upstream = upstream_with()
    async with agent_on(server_on(upstream.transport, api_token=KEY), era) as agent:
        handle = (await agent.call("login", **ADA))["session"]
        await agent.call("search", query="tea")
        await agent.call("search", query="tea", session=handle)
        assert (await agent.call("session_status"))["method"] == "password"
        await agent.call("logout")
        await agent.call("search", query="tea")
    one, other, third = upstream.asked(SEARCH)
    for request in (one, other):
        key, cookie = shown(request)
        assert (key, "access-1" in (cookie or "")) == (None, True)
    assert shown(third) == (KEY, None)


@pytest.mark.promise("tools:credentials:one-table")
async def test_an_account_that_expired_is_not_replaced_by_the_key(era: Era) -> None:
    upstream = upstream_with(custom_refresh=reply(401))
    async with agent_on(server_on(upstream.transport, api_token=KEY, lazy_sign_in=False), era) as agent:
        await agent.call("login", **ADA)
        await agent.fails("refresh")
        assert (await agent.fails("search", query="tea"))["code"] == "session_expired"
    assert SEARCH not in upstream.paths


@pytest.mark.promise("tools:credentials:one-table")
async def test_a_strange_handle_does_not_fall_back_to_the_key(era: Era) -> None:
    upstream = upstream_with()
    async with agent_on(server_on(upstream.transport, api_token=KEY), era) as agent:
        assert (await agent.fails("search", query="tea", session="rs_nobody"))["code"] == "unknown_session"
    assert not upstream.requests


@pytest.mark.promise("tools:credentials:one-table", "sign-in:lazy:first-call-answered")
async def test_without_a_key_the_settings_sign_in_and_the_search_is_answered(era: Era) -> None:
    upstream = upstream_with()
    async with agent_on(server_on(upstream.transport, **ADA), era) as agent:
        assert (await agent.call("search", query="tea"))["matches"][0]["id"] == 1
    assert upstream.paths == ["auth/signin/", "me/", SEARCH]


@pytest.mark.promise("tools:credentials:one-table", "sign-in:lazy:first-call-answered")
async def test_without_anything_a_person_is_sent_to_the_page(era: Era) -> None:
    upstream = upstream_with()
    async with agent_on(server_on(upstream.transport, None, Around(patience_seconds=5)), era) as agent:
        error = await agent.fails("search", query="tea")
        assert error["code"] == "sign_in_pending"
        await sign_in_at(error["sign_in_url"])
        assert (await agent.call("search", query="tea"))["matches"][0]["id"] == 1


@pytest.mark.promise("tools:credentials:one-table")
async def test_with_lazy_sign_in_off_the_error_names_login(era: Era) -> None:
    async with agent_on(server_on(upstream_with().transport, lazy_sign_in=False), era) as agent:
        for name, arguments in (
            ("search", {"query": "tea"}),
            ("account", {}),
            ("remember", {"name": "n", "content": "c"}),
        ):
            error = await agent.fails(name, **arguments)
            assert (error["code"], error["hint"]) == ("not_signed_in", hint(NotSignedIn))
        await agent.call("login")
        assert (await agent.fails("search", query="tea"))["code"] == "not_signed_in"


@pytest.mark.promise("tools:credentials:one-table")
async def test_what_only_an_account_may_ask_is_not_asked_with_the_key(era: Era) -> None:
    upstream = upstream_with()
    around = Around(more_tools=[probing()])
    async with agent_on(server_on(upstream.transport, None, around, api_token=KEY, lazy_sign_in=False), era) as agent:
        assert (await agent.fails("probe", endpoint="MEMENTOS"))["code"] == "not_signed_in"
        await agent.call("login", **ADA)
        assert await agent.call("probe", endpoint="MEMENTOS") == {"status": 200}
    assert all("x-api-key" not in request.headers for request in upstream.asked("mementos/"))


@pytest.mark.promise("tools:credentials:one-table")
async def test_a_vector_store_is_asked_with_its_own_key_alone(era: Era) -> None:
    upstream = upstream_with()
    around = Around(more_tools=[probing()])
    async with agent_on(server_on(upstream.transport, None, around, api_token=KEY), era) as agent:
        await agent.call("login", **ADA)
        error = await agent.fails("probe", endpoint="VECTOR_STORE")
        assert error["code"] == "not_signed_in"
        assert "REMEMBERIZER_VECTOR_STORE_TOKEN" in error["hint"]
        assert STORE not in upstream.paths
    settings = {"api_token": KEY, "vector_store_token": STORE_KEY}
    async with agent_on(server_on(upstream.transport, None, around, **settings), era) as agent:
        await agent.call("login", **ADA)
        assert await agent.call("probe", endpoint="VECTOR_STORE") == {"status": 200}
    assert shown(upstream.asked(STORE)[0]) == (STORE_KEY, None)


@pytest.mark.promise("tools:credentials:one-table", "sessions:refresh:before-and-after-401")
async def test_a_renewal_that_is_due_comes_before_the_search(era: Era, clock: FakeClock) -> None:
    short = {name: f"{value}; Max-Age=60" for name, value in tokens().items()}
    upstream = upstream_with(signin=reply(cookies=short))
    async with agent_on(server_on(upstream.transport, clock), era) as agent:
        await agent.call("login", **ADA)
        clock.advance(45)
        assert (await agent.call("search", query="tea"))["matches"]
    assert upstream.paths == ["auth/signin/", "me/", "auth/custom-refresh/", SEARCH]


@pytest.mark.promise("tools:credentials:one-table", "sessions:refresh:before-and-after-401")
async def test_a_search_that_met_a_401_is_repeated_once_and_the_agent_never_learns(era: Era) -> None:
    upstream = upstream_with()
    upstream.answers[SEARCH] = [reply(401), found(match(1))]
    async with agent_on(server_on(upstream.transport), era) as agent:
        await agent.call("login", **ADA)
        assert (await agent.call("search", query="tea"))["matches"]
        assert upstream.paths[2:] == [SEARCH, "auth/custom-refresh/", SEARCH]
        upstream.answers[SEARCH] = reply(401)
        assert (await agent.fails("search", query="tea"))["code"] == "session_expired"
        assert upstream.paths[5:] == [SEARCH, "auth/custom-refresh/", SEARCH]


@pytest.mark.promise("tools:credentials:one-table", "settings:secrets:never-shown")
@pytest.mark.parametrize(
    "answer",
    [
        reply(401),
        reply(400, json={"detail": f"Incorrect authentication credentials. {KEY}"}),
        reply(403, json={"detail": "Invalid API key"}),
    ],
)
async def test_a_refused_key_names_its_setting_and_shows_nowhere(
    era: Era, answer: httpx.Response, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    upstream = upstream_with()
    upstream.answers[SEARCH] = answer
    async with agent_on(server_on(upstream.transport, api_token=KEY), era) as agent:
        results = [await agent.result("search", query="tea"), await agent.result("session_status")]
    error = (results[0].structured_content or {})["error"]
    assert (error["code"], error["status"]) == ("invalid_credentials", answer.status_code)
    assert "REMEMBERIZER_API_TOKEN" in error["message"]
    assert "restart" in error["hint"]
    assert KEY not in json.dumps([result.model_dump(mode="json") for result in results]) + caplog.text
    assert upstream.paths == [SEARCH]


@pytest.mark.promise("tools:credentials:one-table")
async def test_a_page_that_is_open_takes_the_key_s_place_only_for_its_own_session(era: Era) -> None:
    upstream = upstream_with()
    async with agent_on(server_on(upstream.transport, None, Around(), api_token=KEY), era) as agent:
        handle = (await agent.call("login"))["session"]
        await agent.call("search", query="tea")
        assert (await agent.fails("search", query="tea", session=handle))["code"] == "sign_in_pending"
    assert [shown(request) for request in upstream.requests] == [(KEY, None)]
