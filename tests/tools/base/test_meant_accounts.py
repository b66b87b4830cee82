"""A person signs in while a call waits for them: who was meant, who came, and what goes on by itself."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import anyio
import pytest
from mcp_types import ElicitResult
from pydantic import BaseModel
from rememberizer_mcp.server.settings.settings import Settings
from rememberizer_mcp.tools.base.call import ToolCall
from rememberizer_mcp.tools.base.contract import READS, tool
from rememberizer_mcp.tools.toolsets import chosen

from tests.support.agent import ADA, ERAS, GRACE, Agent, Around, Era, agent_on, server_on
from tests.support.clock import FakeClock
from tests.support.person import Asking, sign_in_as_another, visit
from tests.support.sessions import resync
from tests.support.two_accounts import MEMORIZE, NOTE, REFRESH, SEARCH, upstream_with
from tests.support.upstream import Slow, reply, tokens

each_era = pytest.mark.parametrize("era", ERAS)
PATIENT = Around(patience_seconds=20)
REVOKED = {REFRESH: reply(401), MEMORIZE: reply(201)}
READING: tuple[str, dict[str, str]] = ("search", {"query": "tea"})
no_silent_write = pytest.mark.promise("sign-in:account:no-silent-write", "sessions:handle:never-anothers")


async def sign_in(url: str, who: dict[str, str]) -> None:
    """At a page that is for Ada, or for nobody."""
    if who is ADA:
        await visit(url, form="sign_in", **ADA)
    else:
        await sign_in_as_another(url, **who)


async def result_when(agent: Agent, tool: str, arguments: dict[str, str], then: Callable[[], Awaitable[None]]) -> Any:
    """What a call gives that waits while something else is done."""
    results: list[dict[str, Any]] = []

    async def run() -> None:
        results.append((await agent.result(tool, **arguments)).structured_content or {})

    with anyio.fail_after(20):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(run)
            await anyio.wait_all_tasks_blocked()
            await then()
    await resync()
    return results[0]


async def revoked(agent: Agent) -> str:
    """Ada's sign-in was revoked, and a page for her is open; its address."""
    await agent.call("login", **ADA)
    await agent.fails("refresh")
    return str((await agent.fails("search", query="tea"))["sign_in_url"])


@each_era
@no_silent_write
async def test_a_call_that_reads_goes_on_when_its_account_came(era: Era) -> None:
    upstream = upstream_with(REVOKED)
    async with agent_on(server_on(upstream.transport, None, PATIENT), era) as agent:
        url = await revoked(agent)
        assert "matches" in await result_when(agent, *READING, partial(sign_in, url, ADA))
    assert len(upstream.asked(SEARCH)) == 1


@each_era
@no_silent_write
@pytest.mark.parametrize(
    ("call", "who"),
    [(READING, GRACE), (("remember", NOTE), ADA), (("remember", NOTE), GRACE)],
    ids=["another came", "it writes", "it writes and another came"],
)
async def test_any_other_call_that_waited_ends_and_is_called_again(
    era: Era, call: tuple[str, dict[str, str]], who: dict[str, str]
) -> None:
    upstream = upstream_with(REVOKED)
    async with agent_on(server_on(upstream.transport, None, PATIENT), era) as agent:
        url = await revoked(agent)
        error = (await result_when(agent, *call, partial(sign_in, url, who)))["error"]
        assert (error["code"], error["retryable"]) == ("account_changed", True)
        assert f"{who['email']} is signed in now. Nothing was done." in error["message"]
        assert not upstream.asked(MEMORIZE) + upstream.asked(SEARCH)
        assert (await agent.call(call[0], **call[1])).get("account", who["email"]) == who["email"]


@each_era
@no_silent_write
async def test_a_host_that_opens_the_page_changes_nothing_of_that(era: Era) -> None:
    host, upstream = Asking("accept", signs_in=True), upstream_with(REVOKED)
    async with agent_on(server_on(upstream.transport, None, PATIENT), era, elicitation_callback=host) as agent:
        error = await agent.fails("remember", **NOTE)
        assert (error["code"], upstream.asked(MEMORIZE)) == ("account_changed", [])
        assert "This tool writes, so it did not go on by itself" in error["message"]
        await agent.call("remember", **NOTE)
        await agent.call("logout")
        assert "matches" in await agent.call("search", query="tea")
    assert len(host.asked) == 2


@each_era
@no_silent_write
async def test_a_person_who_came_as_another_at_the_hosts_page_gets_no_answer_for_the_one_before(era: Era) -> None:
    upstream, agents = upstream_with(REVOKED), list[Agent]()

    async def as_grace(_: Any, params: Any) -> ElicitResult:
        await sign_in_as_another(params.url, **GRACE)
        return ElicitResult(action="accept")

    server = server_on(upstream.transport, None, PATIENT)
    async with agent_on(server, era, elicitation_callback=as_grace) as agent:
        agents.append(agent)
        await agent.call("login", **ADA)
        await agent.fails("refresh")
        error = await agent.fails("search", query="tea")
    assert (error["code"], upstream.asked(SEARCH)) == ("account_changed", [])
    assert f"{GRACE['email']} is signed in now" in error["message"]


@each_era
@no_silent_write
@pytest.mark.parametrize(
    ("settings", "who", "reads"),
    [({}, GRACE, True), ({"email": ADA["email"]}, GRACE, False), ({"email": ADA["email"].upper()}, ADA, True)],
    ids=["none meant", "another meant", "the one meant"],
)
async def test_who_is_meant_where_nobody_was_signed_in(
    era: Era, settings: dict[str, str], who: dict[str, str], reads: bool
) -> None:
    upstream = upstream_with(REVOKED)
    async with agent_on(server_on(upstream.transport, None, PATIENT, **settings), era) as agent:
        url = (await agent.fails("search", query="tea"))["sign_in_url"]
        result = await result_when(agent, *READING, partial(sign_in, url, who))
    assert ("matches" in result) is reads


@each_era
@no_silent_write
@pytest.mark.parametrize("settings", [ADA, {"refresh_token": "canary-of-ada"}], ids=["password", "refresh token"])
async def test_the_settings_sign_in_for_every_write_that_waits(era: Era, settings: dict[str, str]) -> None:
    slow = Slow(reply(200, json={"email": ADA["email"]}))
    upstream = upstream_with({MEMORIZE: reply(201), "me/": slow, REFRESH: reply(cookies=tokens(1))})
    async with agent_on(server_on(upstream.transport, None, PATIENT, **settings), era) as agent:
        with anyio.fail_after(20):
            async with anyio.create_task_group() as tasks:
                for _ in range(2):
                    tasks.start_soon(lambda: agent.call("remember", **NOTE))
                await slow.asked.wait()
                await anyio.wait_all_tasks_blocked()
                slow.answers.set()
    assert len(upstream.asked(MEMORIZE)) == 2


class Kept(BaseModel):
    """That it was done."""

    is_done: bool


async def by_keyring(call: ToolCall) -> Kept:
    """Sign in as `login` with Grace's e-mail does by what the keyring kept of her."""
    async with call.sessions.moving(call.owner, call.handle, create=True) as session:
        await session.sign_in(**GRACE, captcha=None)
        session.grant.is_unattended = True
    return Kept(is_done=True)


BY_KEYRING = tool(by_keyring, "By keyring", READS)


@each_era
@no_silent_write
async def test_what_the_keyring_kept_of_one_that_another_call_named_is_no_sign_in_for_a_write(era: Era) -> None:
    slow = Slow(reply(200, json={"email": GRACE["email"]}))
    upstream, around = upstream_with({MEMORIZE: reply(201), "me/": slow}), Around(more_tools=[BY_KEYRING])
    errors: list[dict[str, Any]] = []

    async def remember(agent: Agent) -> None:
        errors.append(await agent.fails("remember", **NOTE))

    async with agent_on(server_on(upstream.transport, None, around), era) as agent:
        with anyio.fail_after(20):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(agent.call, "by_keyring")
                await slow.asked.wait()
                tasks.start_soon(remember, agent)
                await anyio.wait_all_tasks_blocked()
                slow.answers.set()
    assert (errors[0]["code"], upstream.asked(MEMORIZE)) == ("account_changed", [])


@each_era
@no_silent_write
@pytest.mark.parametrize("who", [ADA, GRACE], ids=["Ada", "Grace"])
async def test_a_login_in_the_meantime_is_no_sign_in_for_a_write_that_waits(era: Era, who: dict[str, str]) -> None:
    upstream = upstream_with(REVOKED)
    async with agent_on(server_on(upstream.transport, None, PATIENT), era) as agent:
        await revoked(agent)

        async def login() -> None:
            await agent.call("login", **who)

        result = await result_when(agent, "remember", NOTE, login)
    assert (result["error"]["code"], upstream.asked(MEMORIZE)) == ("account_changed", [])
    assert f"{who['email']} is signed in now" in result["error"]["message"]


@pytest.mark.promise("tools:results:names-the-account")
def test_the_result_of_every_tool_that_writes_has_its_account() -> None:
    writing = {each.name: each for each in chosen(Settings(toolsets="all")) if each.writes}
    assert {"remember", "create_memento", "upload_vector_files", "rename_vector_document"} < writing.keys()
    for name, each in writing.items():
        has_result, _ = (each.output_schema or {})["oneOf"]
        assert ("email" if name == "signup" else "account") in has_result["required"], name


names_another = pytest.mark.promise("sign-in:account:another-said-first")


@each_era
@names_another
async def test_a_login_for_one_that_ends_as_another_says_so_first(era: Era) -> None:
    said = f"This is {ADA['email']}, and not {GRACE['email']}, who was meant: tell the user first. "
    async with agent_on(server_on(upstream_with({}).transport, None, PATIENT), era) as agent:
        for tool in ("login", "signup"):
            url = (await agent.call(tool, email=GRACE["email"]))["sign_in_url"]
            status = await result_when(agent, tool, {"email": GRACE["email"]}, partial(sign_in_as_another, url, **ADA))
            for each in (status, await agent.call("session_status")):
                assert (each["state"], each["next"].startswith(said)) == ("signed_in", True)
            assert not (await agent.call("login", email=ADA["email"]))["next"].startswith("This is")
            assert not (await agent.call("session_status"))["next"].startswith("This is")
            await agent.call("logout")


@each_era
@names_another
async def test_a_token_of_the_settings_that_is_of_another_account_says_so_first(era: Era) -> None:
    settings = {"refresh_token": "canary-of-ada", "email": GRACE["email"]}
    async with agent_on(
        server_on(upstream_with({REFRESH: reply(cookies=tokens(1))}).transport, **settings), era
    ) as agent:
        assert (await agent.call("login"))["next"].startswith(f"This is {ADA['email']}, and not {GRACE['email']}")


@each_era
@names_another
@pytest.mark.parametrize("tool", ["login", "signup"])
@pytest.mark.parametrize("retargets", [True, False], ids=["the page is for Grace now", "a password closed it"])
async def test_a_call_for_one_that_waited_while_another_was_named_says_so_first(
    era: Era, tool: str, retargets: bool
) -> None:
    async with agent_on(server_on(upstream_with({}).transport, None, PATIENT), era) as agent:
        url, for_grace = (await agent.call(tool, email=ADA["email"]))["sign_in_url"], list[dict[str, Any]]()

        async def grace_comes() -> None:
            if not retargets:
                for_grace.append(await agent.call("login", **GRACE))
                return
            assert (await agent.call("login", email=GRACE["email"]))["state"] == "pending"
            await sign_in(url, GRACE)
            for_grace.append(await agent.call("login", email=GRACE["email"]))

        status = await result_when(agent, tool, {"email": ADA["email"]}, grace_comes)
    assert status["email"] == GRACE["email"]
    assert status["next"].startswith(f"This is {GRACE['email']}, and not {ADA['email']}, who was meant: tell the user")
    assert for_grace[0]["next"].startswith("Go on")


@each_era
@names_another
async def test_of_an_account_that_nobody_knows_no_more_is_said_than_that(era: Era) -> None:
    upstream = upstream_with({"me/": reply(503), REFRESH: reply(cookies=tokens(1))})
    settings = {"refresh_token": "canary-of-ada", "email": ADA["email"]}
    async with agent_on(server_on(upstream.transport, **settings), era) as agent:
        status = await agent.call("login")
    said = f"Rememberizer did not say whose account this is; {ADA['email']} was meant: tell the user first. Go on"
    assert status["next"].startswith(said)


@each_era
@names_another
async def test_the_right_account_is_not_commented(era: Era, clock: FakeClock) -> None:
    async with agent_on(server_on(upstream_with({}).transport, clock, PATIENT), era) as agent:
        url = (await agent.call("login", email=ADA["email"].upper()))["sign_in_url"]
        await visit(url, form="sign_in", **ADA)
        assert (await agent.call("session_status"))["next"].startswith("Go on")


@each_era
@pytest.mark.promise("sessions:states:illegal-moves")
async def test_an_account_of_unknown_name_is_taken_for_the_one_that_login_names(era: Era) -> None:
    upstream = upstream_with({"me/": reply(500), REFRESH: reply(cookies=tokens(1))})
    async with agent_on(server_on(upstream.transport, refresh_token="canary-of-somebody"), era) as agent:
        assert (await agent.call("login"))["email"] is None
        assert (await agent.call("login", email=GRACE["email"]))["state"] == "signed_in"
    assert len(upstream.asked(REFRESH)) == 1
