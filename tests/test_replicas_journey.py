"""Sign-in, work and sign-out at one address with one process or two behind it, each request at the other process."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
from anyio import to_thread
from mcp.client.session import ClientRequestContext
from mcp_types import ElicitRequestParams, ElicitResult
from rememberizer_mcp.server.sessions.limiter import MOST_ATTEMPTS
from rememberizer_mcp.tools.base.questions import READING_SECONDS

from tests.support.agent import ADA, ERAS, Agent, Era
from tests.support.authorized import client_of
from tests.support.consent import YES
from tests.support.door import Door, door
from tests.support.hosted import RemoteBrowser
from tests.support.http_server import upstream_over_http
from tests.support.issuer import OURS
from tests.support.issuer_people import PeoplesServer, peoples_issuer
from tests.support.knowledge import found, match
from tests.support.ports import free_port
from tests.support.redis import RedisServer
from tests.support.replicas import Replica, replicas, shared
from tests.support.two_accounts import MEMENTO, REFRESH, SEARCH, upstream_of_both
from tests.support.upstream import Answer, FakeUpstream, Slow, reply, tokens

pytestmark = pytest.mark.promise("hosting:replicas:alike")
each_era = pytest.mark.parametrize("era", ERAS)
each_number = pytest.mark.parametrize("processes", [1, pytest.param(2, marks=pytest.mark.needs("redis-server"))])
HELD = "canary-of-ada"
SIGN_IN = "auth/signin/"


@dataclass(frozen=True, kw_only=True)
class Service:
    """The processes behind one address."""

    url: str
    door: Door
    processes: Sequence[Replica]
    issuer: PeoplesServer
    upstream: FakeUpstream
    redis: RedisServer | None

    @asynccontextmanager
    async def agent(self, era: Era, **options: Any) -> AsyncIterator[Agent]:
        """Ada's, each of whose requests reaches the next process."""
        token = await self.issuer.token("ada", "desktop", resource=f"{self.url}/mcp")
        async with client_of(f"{self.url}/mcp", token, era, most_kept=0, **options) as (client, _):
            listed = await client.list_tools()
            yield Agent(client, {tool.name: tool.output_schema for tool in listed.tools})


@asynccontextmanager
async def service(
    processes: int, folder: Path, answers: Mapping[str, Answer | list[Answer]] | None = None
) -> AsyncIterator[Service]:
    port, upstream = free_port(), upstream_of_both()
    url = f"http://127.0.0.1:{port}"
    usual = {SEARCH: found(match(12, HELD)), MEMENTO: reply(200, json={"id": 12, "name": "Tea"})}
    upstream.answers |= {**usual, **(answers or {})}
    async with (
        peoples_issuer() as issuer,
        upstream_over_http(upstream) as base_url,
        shared(processes, folder) as (store, redis),
    ):
        settings = {
            **store,
            "PUBLIC_URL": url,
            "ISSUER": issuer.url,
            "ISSUER_CLIENT_ID": OURS.client_id,
            "ISSUER_CLIENT_SECRET": OURS.client_secret.get_secret_value(),
            "BASE_URL": base_url,
            "LAZY_SIGN_IN": "off",
            "TOOLSETS": "all",
        }
        async with replicas(processes, **settings) as started, door(port, [each.port for each in started]) as to:
            yield Service(url=url, door=to, processes=started, issuer=issuer, upstream=upstream, redis=redis)


@each_era
@each_number
async def test_a_person_signs_in_works_and_signs_out_whichever_process_answers(
    processes: int, era: Era, tmp_path: Path
) -> None:
    async with service(processes, tmp_path) as on, on.agent(era) as agent:
        pending = await agent.call("login")
        link, handle, ada = pending["sign_in_url"], pending["session"], RemoteBrowser("ada")
        begun = len(on.door.led)
        assert pending["confirm_code"] in (await ada.open(link)).text
        assert "You are signed in" in (await ada.send(link, form="sign_in", **ADA)).text
        assert set(on.door.led[begun:]) == set(range(processes))
        for _ in range(processes):
            assert (await agent.call("session_status"))["email"] == ADA["email"]
            assert HELD in str(await agent.call("search", query="tea"))
        await agent.call("logout")
        for _ in range(processes):
            assert (await agent.fails("search", query="tea"))["code"] == "not_signed_in"
        for tool in ("session_status", "search", "refresh") * processes:
            given = {"query": "tea"} if tool == "search" else {}
            assert (await agent.fails(tool, session=handle, **given))["code"] == "unknown_session"


@each_number
async def test_a_question_is_asked_by_one_process_and_answered_at_the_other(processes: int, tmp_path: Path) -> None:
    async def say_yes(_: ClientRequestContext, __: ElicitRequestParams) -> ElicitResult:
        await anyio.sleep(READING_SECONDS)  # the processes count these by clocks of their own
        return YES

    async with service(processes, tmp_path) as on, on.agent("2026-07-28", elicitation_callback=say_yes) as agent:
        await agent.call("login", **ADA)
        begun = len(on.door.led)
        await agent.call("delete_memento", id="12")
        assert len(on.door.led) == begun + 2
    assert [each.method for each in on.upstream.asked(MEMENTO)].count("DELETE") == 1


@each_number
async def test_attempts_are_counted_together(processes: int, tmp_path: Path) -> None:
    async with service(processes, tmp_path, {SIGN_IN: reply(401)}) as on, on.agent("2026-07-28") as agent:
        codes = [(await agent.fails("login", **ADA))["code"] for _ in range(MOST_ATTEMPTS + processes)]
    assert codes == ["invalid_credentials"] * MOST_ATTEMPTS + ["rate_limited"] * processes
    assert len(on.upstream.asked(SIGN_IN)) == MOST_ATTEMPTS


@each_number
async def test_all_callers_of_all_processes_share_one_renewal(processes: int, tmp_path: Path) -> None:
    """Forty calls are on their way before Rememberizer answers the first renewal."""
    calls, renewal = 40, Slow(reply(cookies=tokens(2)))
    brief = reply(cookies={name: f"{value}; Max-Age=20" for name, value in tokens().items()})
    async with service(processes, tmp_path, {SIGN_IN: brief, REFRESH: renewal}) as on, on.agent("2026-07-28") as agent:
        await agent.call("login", **ADA)
        begun = len(on.door.led)
        async with anyio.create_task_group() as tasks:
            for _ in range(calls):
                tasks.start_soon(partial(agent.call, "search", query="tea"))
            await renewal.asked.wait()
            while len(on.door.led) < begun + calls:
                await anyio.lowlevel.checkpoint()
            async with httpx.AsyncClient(trust_env=False) as client:
                for each in on.processes:  # what came before this is answered after it, if it waits
                    assert (await client.get(f"http://127.0.0.1:{each.port}/healthz")).status_code == 200
            renewal.answers.set()
    assert len(on.upstream.asked(REFRESH)) == 1
    assert ["access_token=access-2" in each.headers["Cookie"] for each in on.upstream.asked(SEARCH)] == [True] * calls


@pytest.mark.needs("redis-server")
async def test_tokens_that_came_while_redis_was_away_are_known_to_the_other_process_once_it_is_back(
    tmp_path: Path,
) -> None:
    renewal = Slow(reply(cookies=tokens(2)))
    brief = reply(cookies={name: f"{value}; Max-Age=25" for name, value in tokens().items()})
    answers: dict[str, Answer | list[Answer]] = {SIGN_IN: brief, REFRESH: [renewal, reply(401)]}
    async with service(2, tmp_path, answers) as on, on.agent("2026-07-28") as agent:
        assert on.redis
        await agent.call("login", **ADA)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(partial(agent.call, "search", query="tea"))
            await renewal.asked.wait()
            await to_thread.run_sync(on.redis.stop)
            renewal.answers.set()
        await to_thread.run_sync(on.redis.start)
        assert HELD in str(await agent.call("search", query="tea"))
    assert len(on.upstream.asked(REFRESH)) == 1
