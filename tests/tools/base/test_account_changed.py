"""Another sign-in ends while a call runs: the call ends too, says who is signed in now, and nothing is done as them."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import anyio
import httpx
import pytest
from mcp_types import ElicitResult

from tests.support.agent import ADA, ERAS, GRACE, Agent, Around, Era, agent_on, server_on
from tests.support.clock import FakeClock
from tests.support.consent import YES
from tests.support.sessions import resync
from tests.support.two_accounts import MEMENTO, MEMORIZE, NOTE, REFRESH, SEARCH, upstream_with
from tests.support.upstream import PREFIX, FakeUpstream, Slow, reply, tokens

pytestmark = [
    pytest.mark.parametrize("era", ERAS),
    pytest.mark.promise("sessions:call:one-account", "sessions:handle:never-anothers"),
]
CALLS: list[tuple[str, dict[str, Any]]] = [
    ("remember", NOTE), ("search", {"query": "tea"}), ("delete_memento", {"id": "12", "confirm": True}),
]  # fmt: skip
each_call = pytest.mark.parametrize(("tool", "arguments"), CALLS)
NOTHING = "Nothing was done."


def asked_as_grace(upstream: FakeUpstream) -> list[str]:
    """What was asked for with Grace's cookies, but whose they are."""
    data = [each for each in upstream.requests if not each.url.path.startswith((PREFIX + "auth/", PREFIX + "me/"))]
    return [each.url.path for each in data if "access-9" in each.headers.get("Cookie", "")]


async def error_of(agent: Agent, tool: str, arguments: dict[str, Any], then: Callable[[], Awaitable[None]]) -> Any:
    """The error of a call, while which something else is done."""
    errors: list[dict[str, Any]] = []

    async def run() -> None:
        errors.append(await agent.fails(tool, **arguments))

    with anyio.fail_after(20):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(run)
            await then()
    await resync()
    return errors[0]


def assert_changed(error: dict[str, Any], who: str = GRACE["email"], *, outcome: str = NOTHING) -> None:
    assert (error["code"], error["retryable"]) == ("account_changed", True)
    assert f"{who} is signed in now" in error["message"]
    assert error["message"].endswith(outcome)
    assert error["hint"] == f"Call again if it is {'still wanted' if who == 'nobody' else 'meant for them'}."


async def release_while(agent: Agent, slow: Slow, *steps: tuple[str, dict[str, str]]) -> None:
    """Once the slow answer is asked for, take the steps, and let it come when they wait for it or are over."""
    await slow.asked.wait()

    async def take() -> None:
        for tool, arguments in steps:
            await agent.call(tool, **arguments)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(take)
        await anyio.wait_all_tasks_blocked()
        slow.answers.set()


@each_call
@pytest.mark.parametrize("answer", [reply(cookies=tokens(2)), reply(401), reply(503)], ids=["new", "refused", "lost"])
async def test_a_sign_in_during_the_refresh_before_a_call_ends_it(
    era: Era, tool: str, arguments: dict[str, Any], answer: httpx.Response, clock: FakeClock
) -> None:
    slow = Slow(answer)
    upstream = upstream_with({REFRESH: slow})
    async with agent_on(server_on(upstream.transport, clock, toolsets="all"), era) as agent:
        await agent.call("login", **ADA)
        clock.advance(45)
        error = await error_of(agent, tool, arguments, lambda: release_while(agent, slow, ("login", GRACE)))
        assert_changed(error)
        assert not asked_as_grace(upstream)


@each_call
async def test_a_sign_in_during_the_refresh_after_a_401_ends_the_call(
    era: Era, tool: str, arguments: dict[str, Any]
) -> None:
    slow = Slow(reply(cookies=tokens(2)))
    upstream = upstream_with({REFRESH: slow, MEMORIZE: reply(401), SEARCH: reply(401), MEMENTO: reply(401)})
    async with agent_on(server_on(upstream.transport, toolsets="all"), era) as agent:
        await agent.call("login", **ADA)
        error = await error_of(agent, tool, arguments, lambda: release_while(agent, slow, ("login", GRACE)))
        assert_changed(error)
    assert not asked_as_grace(upstream)


@pytest.mark.parametrize(
    ("steps", "who"),
    [
        ([("login", ADA)], ADA["email"]),
        ([("logout", {})], "nobody"),
        ([("logout", {}), ("login", GRACE)], GRACE["email"]),
    ],
    ids=["the same account", "nobody", "another session"],
)
@pytest.mark.parametrize("status", [401, 403, 404, 429])
async def test_whatever_is_answered_then_the_error_names_who_is_signed_in_now(
    era: Era, steps: list[tuple[str, dict[str, str]]], who: str, status: int
) -> None:
    slow = Slow(reply(status))
    upstream = upstream_with({MEMORIZE: slow})
    async with agent_on(server_on(upstream.transport), era) as agent:
        await agent.call("login", **ADA)
        assert_changed(await error_of(agent, "remember", NOTE, lambda: release_while(agent, slow, *steps)), who)
    assert len(upstream.asked(MEMORIZE)) == 1


@pytest.mark.parametrize(("tool", "arguments"), CALLS[:2])
async def test_of_a_request_that_had_gone_out_no_more_is_said_than_is_known(
    era: Era, tool: str, arguments: dict[str, Any]
) -> None:
    slow = Slow(reply(500))
    upstream = upstream_with({MEMORIZE: slow, SEARCH: slow})
    async with agent_on(server_on(upstream.transport), era) as agent:
        await agent.call("login", **ADA)
        error = await error_of(agent, tool, arguments, lambda: release_while(agent, slow, ("login", GRACE)))
    if tool == "search":
        assert_changed(error)
        return
    assert (error["code"], error["retryable"]) == ("account_changed", False)
    assert error["message"].startswith(f"There was another sign-in while this call ran: {GRACE['email']} is signed in")
    known = f"may have gone out as {ADA['email']}: whether it was carried out there is not known."
    assert error["message"].endswith(known)
    looks = f"Look first whether it was done as {ADA['email']}; don't write again before the user has looked. "
    assert (
        error["hint"] == f"{looks}It may have been stored all the same: look for it with `search` before you try again."
    )


class NoRoute(Slow):
    """A connection that is refused when the test says so."""

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        await super().__call__(request)
        raise httpx.ConnectError("no route", request=request)


@pytest.mark.parametrize("cause", ["no route", "a firewall"])
async def test_of_a_request_that_did_not_arrive_it_is_said_that_nothing_was_done(era: Era, cause: str) -> None:
    page = reply(403, text="<html>a firewall</html>", headers={"Content-Type": "text/html"})
    slow = NoRoute(page) if cause == "no route" else Slow(page)
    async with agent_on(server_on(upstream_with({MEMORIZE: slow}).transport), era) as agent:
        await agent.call("login", **ADA)
        assert_changed(await error_of(agent, "remember", NOTE, lambda: release_while(agent, slow, ("login", GRACE))))


async def test_what_may_be_repeated_is_not_sent_again_once_another_signed_in(era: Era, clock: FakeClock) -> None:
    slow = Slow(reply(503))
    upstream = upstream_with({SEARCH: slow})
    async with agent_on(server_on(upstream.transport, clock), era) as agent:
        await agent.call("login", **ADA)
        query = {"query": "tea"}
        assert_changed(await error_of(agent, "search", query, lambda: release_while(agent, slow, ("login", GRACE))))
    assert len(upstream.asked(SEARCH)) == 1


async def test_of_an_unknown_account_no_name_is_said(era: Era) -> None:
    slow = Slow(reply(500))
    upstream = upstream_with({MEMORIZE: slow, "me/": reply(500)})
    async with agent_on(server_on(upstream.transport, refresh_token="canary-of-somebody"), era) as agent:
        await agent.call("login")
        error = await error_of(agent, "remember", NOTE, lambda: release_while(agent, slow, ("login", GRACE)))
    assert error["message"].endswith("as the account before: whether it was carried out there is not known.")
    assert (error["code"], error["retryable"]) == ("account_changed", False)


async def test_what_succeeded_as_the_account_before_is_said_to_be_theirs(era: Era) -> None:
    slow, results = Slow(reply(201)), list[dict[str, Any]]()
    upstream = upstream_with({MEMORIZE: slow})
    async with agent_on(server_on(upstream.transport), era) as agent:
        await agent.call("login", **ADA)

        async def remember() -> None:
            results.append(await agent.call("remember", **NOTE))

        with anyio.fail_after(20):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(remember)
                await release_while(agent, slow, ("login", GRACE))
    assert results[0]["account"] == ADA["email"]


async def test_an_account_without_a_known_e_mail_is_another_all_the_same(era: Era) -> None:
    slow = Slow(reply(401))
    upstream = upstream_with({SEARCH: slow, "me/": reply(500)})
    settings = {"refresh_token": "canary-of-somebody"}
    async with agent_on(server_on(upstream.transport, **settings), era) as agent:
        await agent.call("login", **ADA)
        steps = [("logout", dict[str, str]()), ("login", {})]
        error = await error_of(agent, "search", {"query": "tea"}, lambda: release_while(agent, slow, *steps))
    assert_changed(error, "an account whose e-mail is not known")


async def test_a_refresh_that_another_sign_in_overtakes_says_so(era: Era) -> None:
    slow = Slow(reply(cookies=tokens(2)))
    async with agent_on(server_on(upstream_with({REFRESH: slow}).transport), era) as agent:
        await agent.call("login", **ADA)
        assert_changed(await error_of(agent, "refresh", {}, lambda: release_while(agent, slow, ("login", GRACE))))


@pytest.mark.parametrize("tool", ["verify", "logout"])
@pytest.mark.parametrize("before", [[], [("logout", {})]], ids=["at once", "after a sign-out"])
@pytest.mark.parametrize("who", [GRACE, ADA], ids=["Grace", "Ada again"])
async def test_what_waits_its_turn_for_an_account_is_not_done_to_another(
    era: Era, tool: str, before: list[tuple[str, dict[str, str]]], who: dict[str, str]
) -> None:
    slow, results = Slow(reply(cookies=tokens(9 if who is GRACE else 1))), list[dict[str, Any]]()
    upstream = upstream_with({"auth/signup/": reply(201, cookies=tokens(1)), "auth/verify-email/": reply(200)})
    code = {"verification_code": "ADA-CODE"} if tool == "verify" else {}

    async def run() -> None:
        results.append((await agent.result(tool, **code)).structured_content or {})

    async with agent_on(server_on(upstream.transport), era) as agent:
        await agent.call("signup", **ADA)
        upstream.answers |= {"auth/signin/": slow, "auth/custom-logout/": slow} if before else {"auth/signin/": slow}
        with anyio.fail_after(20):
            async with anyio.create_task_group() as tasks:
                for each, arguments in [*before, ("login", who)]:
                    tasks.start_soon(partial(agent.call, each, **arguments))
                    await slow.asked.wait()
                tasks.start_soon(run)
                await anyio.wait_all_tasks_blocked()
                slow.answers.set()
        status = await agent.call("session_status")
    assert not upstream.asked("auth/verify-email/")
    if tool == "verify":
        assert_changed(results[0]["error"], who["email"])
    elif who is GRACE:
        assert results[0]["next"].startswith("The account that this call was to sign out was gone already, and another")
    assert status["email"] == (who["email"] if tool == "verify" or who is GRACE else None)


async def test_a_status_that_another_sign_in_overtakes_is_theirs(era: Era, clock: FakeClock) -> None:
    slow, statuses = Slow(reply(cookies=tokens(2))), list[dict[str, Any]]()
    async with agent_on(server_on(upstream_with({REFRESH: slow}).transport, clock), era) as agent:
        await agent.call("login", **ADA)
        clock.advance(45)

        async def status() -> None:
            statuses.append(await agent.call("session_status"))

        with anyio.fail_after(20):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(status)
                await release_while(agent, slow, ("login", GRACE))
    assert statuses[0]["email"] == GRACE["email"]


@pytest.mark.promise("sessions:consent:one-account", "tools:deletion:asks")
@pytest.mark.parametrize("is_known", [True, False], ids=["known by e-mail", "unknown"])
async def test_a_yes_of_one_account_is_none_of_another_and_each_is_asked(
    era: Era, is_known: bool, clock: FakeClock
) -> None:
    upstream = upstream_with({REFRESH: reply(cookies=tokens(2))} | ({} if is_known else {"me/": reply(500)}))
    agents, asked = list[Agent](), list[str]()
    other = GRACE if is_known else dict[str, str]()

    async def agree(_: Any, params: Any) -> ElicitResult:
        asked.append(params.message)
        if len(asked) == 1:
            await agents[0].call("login", **other)
        return YES

    around = Around(patience_seconds=20)
    settings = {} if is_known else {"refresh_token": "canary-of-somebody"}
    server = server_on(upstream.transport, clock, around, toolsets="all", **settings)
    async with agent_on(server, era, elicitation_callback=agree) as agent:
        agents.append(agent)
        await agent.call("login", **(ADA if is_known else {}))
        if not is_known:
            other = {"email": ADA["email"], "password": ADA["password"]}
        clock.advance(45)
        result = await agent.result("delete_memento", id="12")
    deleted = [each for each in upstream.asked(MEMENTO) if each.method == "DELETE"]
    assert (result.is_error, len(deleted), len(asked)) == ((True, 0, 1) if era == "legacy" else (False, 1, 2))
