"""An account that ended by itself: it is signed in again and no other in its place, until a logout lets go of it."""

from typing import Any

import httpx
import pytest
from mcp_types import ElicitResult

from tests.support.agent import ADA, ERAS, GRACE, Agent, Around, Era, agent_on, server_on
from tests.support.clock import FakeClock
from tests.support.held_keyring import Held
from tests.support.knowledge import KEY
from tests.support.person import sign_in_as_another, visit
from tests.support.two_accounts import MEMORIZE, NOTE, me, upstream_of_both
from tests.support.upstream import BASE_URL, reply, tokens
from tests.tools.base.test_accounts import BRIEF, HALF_A_DAY

pytestmark = pytest.mark.parametrize("era", ERAS)


@pytest.mark.promise("keyring:kept:not-replaced-unasked")
@pytest.mark.parametrize("ends_by", ["idleness", "refusal"])
@pytest.mark.parametrize("comes_by", ["the keyring", "the page", "a page that was asked for"])
async def test_an_account_that_ended_is_signed_in_again_and_replaces_no_last_one_unasked(
    era: Era, ends_by: str, comes_by: str, clock: FakeClock
) -> None:
    def refresh(request: httpx.Request) -> httpx.Response:
        is_good = comes_by == "the keyring" and "refresh-9" in request.headers["Cookie"] and is_over
        return reply(cookies=tokens(9)) if is_good else reply(401)

    ring, is_over, service = Held(), False, f"rememberizer-mcp {BASE_URL}"
    last = service, "Last account"
    ring.entries |= {last: ADA["email"], (service, ADA["email"]): "refresh-of-ada"}
    upstream, around = upstream_of_both(custom_refresh=refresh), Around(keyring=lambda: ring)
    async with agent_on(server_on(upstream.transport, clock, around, keep_signed_in="keyring"), era) as agent:
        error = await agent.fails("remember", **NOTE)
        await sign_in_as_another(error["sign_in_url"], **GRACE)
        assert (await agent.call("session_status"))["next"].startswith("This is grace@example.org, and not ada@")
        assert ring.entries[last] == ADA["email"]
        await (agent.fails("refresh") if ends_by == "refusal" else agent.call("session_status"))
        clock.advance(HALF_A_DAY if ends_by == "idleness" else 0)
        is_over = True
        found = (await agent.result("search", query="tea")).structured_content or {}
        is_asked_for = comes_by == "a page that was asked for"
        if is_asked_for:
            await agent.call("login", email=GRACE["email"])
            await agent.fails("search", query="tea")  # which names nobody
        if comes_by != "the keyring":
            await visit(found["error"]["sign_in_url"], form="sign_in", **GRACE)
        assert (await agent.call("session_status"))["email"] == GRACE["email"]
        assert ring.entries[last] == (GRACE if is_asked_for else ADA)["email"]
        await agent.call("login", email=GRACE["email"])
        assert ring.entries[last] == GRACE["email"]


@pytest.mark.promise("keyring:kept:until-logout")
async def test_an_account_that_ended_becomes_the_last_one_where_the_keyring_names_none(
    era: Era, clock: FakeClock
) -> None:
    ring = Held()
    around = Around(keyring=lambda: ring)
    async with agent_on(server_on(upstream_of_both().transport, clock, around, keep_signed_in="keyring"), era) as agent:
        await agent.call("login", **ADA)
        clock.advance(HALF_A_DAY)
        ring.entries.clear()  # by the user
        error = await agent.fails("search", query="tea")
        await visit(error["sign_in_url"], form="sign_in", **ADA)
    assert ring.entries[f"rememberizer-mcp {BASE_URL}", "Last account"] == ADA["email"]


@pytest.mark.promise("sessions:call:one-account", "sessions:handle:never-anothers")
@pytest.mark.parametrize("ends_by", ["idleness", "refusal"])
@pytest.mark.parametrize("tool", ["remember", "search"])
async def test_an_account_that_ended_and_that_nobody_knows_is_nobody_else(
    era: Era, tool: str, ends_by: str, clock: FakeClock
) -> None:
    refused = [reply(401)] if ends_by == "refusal" else []
    upstream = upstream_of_both(custom_refresh=[reply(cookies=tokens(1)), *refused, reply(cookies=tokens(9))])
    upstream.answers |= {"me/": reply(503), "documents/search/": reply(200, json={"matched_chunks": []})}
    async with agent_on(server_on(upstream.transport, clock, BRIEF, refresh_token="canary-of-ada"), era) as agent:
        assert (await agent.call("login"))["email"] is None
        await (agent.fails("refresh") if refused else agent.call("session_status"))
        clock.advance(HALF_A_DAY if ends_by == "idleness" else 0)
        upstream.answers["me/"] = me
        arguments = NOTE if tool == "remember" else {"query": "tea"}
        error = await agent.fails(tool, **arguments)
        cause = "This tool writes" if tool == "remember" else "There was another sign-in"
        assert (error["code"], error["message"].startswith(cause)) == ("account_changed", True)
        assert f"{GRACE['email']} is signed in now. Nothing was done." in error["message"]
        assert not upstream.asked(MEMORIZE) + upstream.asked("documents/search/")
        await agent.call(tool, **arguments)


@pytest.mark.promise("sessions:call:one-account", "sessions:handle:never-anothers")
async def test_whoever_comes_for_an_account_that_nobody_knows_is_another_one(era: Era, clock: FakeClock) -> None:
    urls: list[str] = []

    async def sign_in_there(_: Any, params: Any) -> ElicitResult:
        urls.append(params.url)
        unknown = {"form": "browser_session", "refresh_token": "canary-of-somebody"}
        await visit(params.url, **(unknown if len(urls) == 1 else {"form": "sign_in", **GRACE}))
        return ElicitResult(action="accept")

    upstream = upstream_of_both(custom_refresh=reply(cookies=tokens(1)))
    upstream.answers |= {"me/": reply(503), "documents/search/": reply(200, json={"matched_chunks": []})}
    server = server_on(upstream.transport, clock, Around(patience_seconds=5))
    async with agent_on(server, era, elicitation_callback=sign_in_there) as agent:
        assert "matches" in await agent.call("search", query="tea")
        assert (await agent.call("session_status"))["email"] is None
        clock.advance(HALF_A_DAY)
        upstream.answers["me/"] = me
        assert (await agent.fails("search", query="tea"))["code"] == "account_changed"
        assert "matches" in await agent.call("search", query="tea")
    assert len(urls) == 2


@pytest.mark.promise("page:account:meant")
@pytest.mark.parametrize("logs_out", [True, False])
async def test_after_an_account_ended_a_page_is_for_it_until_a_logout(
    era: Era, logs_out: bool, clock: FakeClock
) -> None:
    async with agent_on(server_on(upstream_of_both().transport, clock, BRIEF), era) as agent:
        await agent.call("login", **ADA)
        clock.advance(HALF_A_DAY)
        if logs_out:
            await agent.call("logout")
        url = (await agent.call("login"))["sign_in_url"]
        assert ("<bdi>a…@example.org</bdi>" in (await visit(url)).text) is not logs_out
        shown = await visit(url, form="sign_in", **GRACE)
        assert ("You are signed in" in shown.text) is logs_out


@pytest.mark.promise("sessions:handle:never-anothers", "tools:credentials:one-table")
async def test_a_logout_lets_go_of_an_account_that_ended_also_while_a_page_is_open(era: Era, clock: FakeClock) -> None:
    upstream = upstream_of_both()
    async with agent_on(server_on(upstream.transport, clock, BRIEF, api_token=KEY), era) as agent:
        await agent.call("login", **GRACE)
        clock.advance(HALF_A_DAY)
        assert (await agent.fails("remember", **NOTE))["code"] == "sign_in_pending"
        assert "was closed" in (await agent.call("logout"))["next"]
        await agent.call("remember", **NOTE)
    assert upstream.asked(MEMORIZE)[0].headers["X-API-Key"] == KEY


@pytest.mark.promise("sessions:call:one-account", "sessions:handle:never-anothers")
@pytest.mark.parametrize("then", [[], [("login", ADA), ("logout", {})]])
async def test_a_call_that_began_for_an_account_never_goes_on_by_a_key(
    era: Era, then: list[tuple[str, dict[str, str]]], clock: FakeClock
) -> None:
    """The client that opens the page answers in a second round, after the account was let go of."""
    upstream, agents = upstream_of_both(), list[Agent]()

    async def let_go(*_: Any) -> ElicitResult:
        for tool, arguments in [("logout", dict[str, str]()), ("logout", {}), *then]:
            await agents[0].call(tool, **arguments)
        return ElicitResult(action="accept")

    server = server_on(upstream.transport, clock, Around(patience_seconds=5), api_token=KEY)
    async with agent_on(server, era, elicitation_callback=let_go) as agent:
        agents.append(agent)
        await agent.call("login", **ADA)
        clock.advance(HALF_A_DAY)
        assert (await agent.fails("remember", **NOTE))["code"] in ("account_changed", "sign_in_failed")
    assert not upstream.asked(MEMORIZE)
