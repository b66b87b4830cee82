"""Whose call it is: what was meant for one account is never done as another, nor with a key in its stead."""

from collections.abc import Sequence
from typing import Any

import anyio
import httpx
import pytest
from mcp import MCPError
from mcp_types import ElicitResult

from tests.support.agent import ADA, ERAS, GRACE, Agent, Around, Era, agent_on, server_on
from tests.support.clock import FakeClock
from tests.support.knowledge import KEY
from tests.support.sessions import resync
from tests.support.two_accounts import MEMENTO, MEMORIZE, NOTE, upstream_of_both
from tests.support.upstream import FakeUpstream, Slow, reply

pytestmark = pytest.mark.parametrize("era", ERAS)
ADAS_SETTINGS = {"email": ADA["email"], "password": ADA["password"]}
HALF_A_DAY = 12 * 3600 + 1
BRIEF = Around(patience_seconds=0.05)


async def assert_asks_for_grace(agent: Agent, upstream: FakeUpstream) -> None:
    """The call waits for Grace at the page, and nothing was stored by anybody else."""
    before = len(upstream.asked("auth/signin/"))
    error = await agent.fails("remember", **NOTE)
    assert error["code"] == "sign_in_pending"
    assert not upstream.asked(MEMORIZE)
    assert len(upstream.asked("auth/signin/")) == before
    async with httpx.AsyncClient(trust_env=False) as browser:
        assert "<bdi>g…@example.org</bdi>" in (await browser.get(error["sign_in_url"])).text


@pytest.mark.promise("sessions:handle:never-anothers", "tools:credentials:one-table")
@pytest.mark.parametrize("settings", [ADAS_SETTINGS, {"api_token": KEY}, {"refresh_token": "adas"}])
async def test_an_account_that_was_left_idle_is_signed_in_again_and_no_other(
    era: Era, settings: dict[str, str], clock: FakeClock
) -> None:
    upstream = upstream_of_both()
    async with agent_on(server_on(upstream.transport, clock, BRIEF, **settings), era) as agent:
        await agent.call("login", **GRACE)
        clock.advance(HALF_A_DAY)
        assert "end of its life" in (await agent.call("session_status"))["next"]
        await assert_asks_for_grace(agent, upstream)


@pytest.mark.promise("sessions:handle:never-anothers", "tools:credentials:one-table")
async def test_an_account_whose_renewal_is_refused_is_signed_in_again_and_no_other(era: Era, clock: FakeClock) -> None:
    upstream = upstream_of_both(custom_refresh=reply(401))
    async with agent_on(server_on(upstream.transport, clock, BRIEF, **ADAS_SETTINGS), era) as agent:
        await agent.call("login", **GRACE)
        assert (await agent.fails("refresh"))["code"] == "session_expired"
        await assert_asks_for_grace(agent, upstream)


@pytest.mark.promise("sessions:handle:never-anothers", "tools:credentials:one-table")
async def test_the_account_of_the_settings_is_signed_in_again_without_anybody(era: Era, clock: FakeClock) -> None:
    upstream = upstream_of_both()
    async with agent_on(server_on(upstream.transport, clock, BRIEF, **ADAS_SETTINGS), era) as agent:
        await agent.call("login")
        clock.advance(HALF_A_DAY)
        await agent.call("remember", **NOTE)
    assert "access-1" in upstream.asked(MEMORIZE)[0].headers["Cookie"]


@pytest.mark.promise("sessions:handle:never-anothers", "tools:credentials:one-table")
async def test_a_logout_lets_the_key_ask_again(era: Era, clock: FakeClock) -> None:
    upstream = upstream_of_both()
    async with agent_on(server_on(upstream.transport, clock, BRIEF, api_token=KEY), era) as agent:
        await agent.call("login", **GRACE)
        clock.advance(HALF_A_DAY)
        await agent.call("logout")
        assert (await agent.call("session_status"))["method"] == "api_key"
        await agent.call("remember", **NOTE)
    assert upstream.asked(MEMORIZE)[0].headers["X-API-Key"] == KEY


@pytest.mark.promise("sessions:handle:never-anothers", "tools:credentials:one-table")
async def test_without_lazy_sign_in_an_ended_account_is_expired(era: Era, clock: FakeClock) -> None:
    upstream = upstream_of_both()
    async with agent_on(server_on(upstream.transport, clock, lazy_sign_in=False, api_token=KEY), era) as agent:
        await agent.call("login", **GRACE)
        clock.advance(HALF_A_DAY)
        assert (await agent.fails("remember", **NOTE))["code"] == "session_expired"
        await agent.call("login", **GRACE)
        await agent.call("remember", **NOTE)
    assert len(upstream.asked(MEMORIZE)) == 1


@pytest.mark.promise("sessions:handle:never-anothers", "tools:deletion:asks")
async def test_a_yes_of_one_account_deletes_nothing_of_another(era: Era) -> None:
    memento = reply(200, json={"id": 12, "name": "Tea"})
    upstream = upstream_of_both()
    upstream.answers[MEMENTO] = memento
    agents: list[Agent] = []

    async def swap_and_agree(*_: Any) -> ElicitResult:
        await agents[0].call("login", **GRACE)
        return ElicitResult(action="accept", content={"delete": True})

    server = server_on(upstream.transport, None, Around(patience_seconds=5), toolsets="all")
    async with agent_on(server, era, elicitation_callback=swap_and_agree) as agent:
        agents.append(agent)
        await agent.call("login", **ADA)
        result = await agent.result("delete_memento", id="12")
    # Where the question ends a round, the answer to Ada's is none to Grace's, who is asked in turn.
    assert result.is_error is (era == "legacy")
    deleted = [request for request in upstream.asked(MEMENTO) if request.method == "DELETE"]
    assert all("access-9" in request.headers["Cookie"] for request in deleted)
    assert len(deleted) == (era != "legacy")


@pytest.mark.promise("sessions:handle:never-anothers")
async def test_a_document_is_never_read_half_as_one_and_half_as_another(era: Era) -> None:
    slow = Slow(reply(200, json={"content": "Ada's part", "end_chunk": 20}))
    answers: Sequence[Any] = [slow, reply(200, json={"content": "Grace's part", "end_chunk": 40})]
    upstream = upstream_of_both()
    upstream.answers["documents/7/contents/"] = list(answers)
    async with agent_on(server_on(upstream.transport), era) as agent:
        await agent.call("login", **ADA)
        refused: list[str] = []

        async def read() -> None:
            with pytest.raises(MCPError) as error:
                await agent.client.read_resource("rememberizer://documents/7")
            refused.append(str(error.value))

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(read)
            await slow.asked.wait()
            await agent.call("login", **GRACE)
            slow.answers.set()
    await resync()
    assert refused
    assert "There was another sign-in" in refused[0]


@pytest.mark.promise("sessions:handle:never-anothers", "sessions:logout:wiped-anyway")
async def test_nothing_is_repeated_anonymously_after_a_logout_meanwhile(era: Era) -> None:
    slow, upstream = Slow(reply(401)), upstream_of_both()
    upstream.answers[MEMORIZE] = slow
    async with agent_on(server_on(upstream.transport), era) as agent:
        await agent.call("login", **ADA)
        failed: list[dict[str, Any]] = []

        async def remember() -> None:
            failed.append(await agent.fails("remember", **NOTE))

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(remember)
            await slow.asked.wait()
            await agent.call("logout")
            slow.answers.set()
    await resync()
    assert len(upstream.asked(MEMORIZE)) == 1
    assert (failed[0]["code"], failed[0]["retryable"]) == ("account_changed", True)
    assert failed[0]["message"] == "The session ended while this call ran: nobody is signed in now. Nothing was done."


@pytest.mark.promise("sessions:handle:never-anothers", "tools:credentials:one-table")
async def test_a_sign_in_that_nobody_finished_leaves_no_account_behind(era: Era, clock: FakeClock) -> None:
    settings = {"session_hours": 0.1, "sign_in_minutes": 60, "api_token": KEY}
    upstream = upstream_of_both()
    async with agent_on(server_on(upstream.transport, clock, BRIEF, **settings), era) as agent:
        assert (await agent.call("login"))["state"] == "pending"
        clock.advance(361)
        assert (await agent.call("session_status"))["method"] == "api_key"
        await agent.call("remember", **NOTE)
    assert upstream.asked(MEMORIZE)[0].headers["X-API-Key"] == KEY
