"""A page whose sign-in is over: for some minutes it says what happened and how to go on."""

import re
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import anyio
import httpx
import pytest
from mcp_types import ElicitRequestURLParams
from rememberizer_mcp.server.signin.consent import CALLBACK_PATH
from rememberizer_mcp.server.signin.pending import MOST_ATTEMPTS, End, PendingSignIn

from tests.server.signin.test_desk import desk
from tests.server.signin.visits import page, page_for, post, state
from tests.support.agent import ADA, GRACE, Agent, Around, agent_on, server_on
from tests.support.clock import FakeClock, Gate
from tests.support.person import Asking, visit
from tests.support.ports import free_port
from tests.support.sessions import resync
from tests.support.upstream import Slow, reply, usual

pytestmark = pytest.mark.promise("page:end:explained")
NOBODY = "Nobody was signed in here."
NEW_LINK = "ask your assistant for a new link"
RAN_OUT = "The sign-in page ran out before anybody signed in; call `login` for a new one."


async def sign_out(agent: Agent, _: str) -> None:
    await agent.call("logout")


async def sign_in_otherwise(agent: Agent, _: str) -> None:
    await agent.call("login", **ADA)


async def sign_in(_: Agent, url: str) -> None:
    await post(url, data={"form": "sign_in", **ADA})


async def fail_five_times(_: Agent, url: str) -> None:
    for _attempt in range(5):
        answer = await post(url, data={"form": "browser_session", "refresh_token": "wrong"})
    assert (answer.status_code, "too many wrong attempts" in answer.text) == (410, True)


@pytest.mark.parametrize(
    ("end", "said"),
    [
        (sign_in, ["Somebody signed in by this link already.", "go back to your assistant", "to sign out"]),
        (sign_out, ["It was closed by a sign-out.", NOBODY, NEW_LINK]),
        (sign_in_otherwise, ["It was closed by another sign-in.", NOBODY, NEW_LINK]),
        (fail_five_times, ["There were too many wrong attempts.", NOBODY, NEW_LINK]),
    ],
)
async def test_a_page_that_has_ended_says_what_happened_and_names_nobody(
    end: Callable[[Agent, str], Awaitable[None]], said: list[str]
) -> None:
    upstream = usual(custom_refresh=reply(401))
    async with page_for("login", upstream, email=ADA["email"]) as (agent, url):
        await end(agent, url)
        asked = len(upstream.requests)
        answers = [
            await visit(url),
            await visit(url + "/sign-in"),
            await visit(url + "/no-such-form"),
            await post(url, data={"form": "sign_in", **ADA}),
            await post(url, data={"form": "another_account"}),
            await post(url, data={"form": "verify", "later": "later"}),
        ]
        for answer in answers:
            assert answer.status_code == 410
            assert all(each in answer.text for each in said)
            assert not re.search("ada|…@", answer.text, re.IGNORECASE)
            assert 'class="code"' not in answer.text
        assert len(upstream.requests) == asked
        forged = url[:-1] + ("A" if url[-1] != "A" else "B")
        assert "A sign-in link works once" in (await visit(forged)).text
        assert (await visit(forged)).status_code == 404


async def test_a_page_whose_time_is_over_says_so_before_and_after_somebody_took_note(clock: FakeClock) -> None:
    async with page(None, clock) as (agent, url):
        clock.advance(600)
        answers = [await visit(url), await post(url, data={"form": "sign_in", **ADA})]
        assert await state(agent) == "signed_out"
        answers.append(await visit(url))
    for answer in answers:
        assert (answer.status_code, "Its time ran out before anybody signed in" in answer.text) == (410, True)
        assert NEW_LINK in answer.text


async def test_a_page_whose_user_declined_says_so() -> None:
    host = Asking("decline")
    async with agent_on(server_on(usual().transport), elicitation_callback=host) as agent:
        await agent.fails("login")
        (asked,) = host.asked
        assert isinstance(asked, ElicitRequestURLParams)
        answer = await visit(asked.url)
    assert (answer.status_code, "The sign-in was declined." in answer.text) == (410, True)


@pytest.mark.parametrize("by", ["timer", "clock"])
@pytest.mark.parametrize("key", [None, "a-key"])
async def test_the_status_says_that_the_page_ran_out_until_something_else_happens(
    by: str, key: str | None, clock: FakeClock
) -> None:
    life = Gate()
    upstream = usual(custom_refresh=reply(401))
    server = server_on(upstream.transport, clock, Around(page_life=life.sleep), api_token=key)
    async with agent_on(server) as agent:

        async def run_out() -> None:
            await agent.call("login")
            await (life.waiting.wait() if by == "timer" else resync())
            if by == "timer":
                life.open()
            else:
                clock.advance(600)
            while (await agent.call("session_status"))["state"] == "pending":
                await resync()

        for go_on in (("logout", {}), ("login", ADA)):
            await run_out()
            status = await agent.call("session_status")
            assert (status["next"], status["method"]) == (RAN_OUT, "api_key" if key else None)
            tool, arguments = go_on
            await agent.call(tool, **arguments)
            assert (await agent.call("session_status"))["next"] != RAN_OUT
        await agent.call("logout")
        assert (await agent.call("session_status"))["next"] != RAN_OUT
        await run_out()
        await fail_five_times(agent, (await agent.call("login"))["sign_in_url"])
        assert (await agent.call("session_status"))["next"] != RAN_OUT


async def test_a_page_that_ran_out_beside_an_account_is_none_of_the_statuss_business(clock: FakeClock) -> None:
    async with agent_on(server_on(usual().transport, clock)) as agent:
        await agent.call("login", **ADA)
        await agent.call("login", email="grace@example.org")
        clock.advance(600)
        assert (await agent.call("session_status"))["next"] == "Go on; the session renews itself."
        await agent.call("logout")
        assert (await agent.call("session_status"))["next"] != RAN_OUT


async def test_a_page_that_a_logout_closes_as_its_time_is_over_did_not_run_out() -> None:
    slow, life = Slow(reply()), Gate()
    server = server_on(usual(custom_logout=slow).transport, None, Around(page_life=life.sleep))
    async with agent_on(server) as agent:
        await agent.call("login", **ADA)
        await agent.call("login", email=GRACE["email"])
        with anyio.fail_after(10):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(agent.call, "logout")
                await slow.asked.wait()
                life.open()
                await anyio.wait_all_tasks_blocked()
                slow.answers.set()
        assert (await agent.call("session_status"))["next"] != RAN_OUT


async def test_the_browser_that_signed_in_sees_its_end_for_as_long() -> None:
    async with page() as (_, url), httpx.AsyncClient(trust_env=False) as tab:
        await tab.get(url)
        sent = await tab.post(url, data={"form": "sign_in", **ADA}, headers={"Origin": url.rpartition("/")[0]})
        assert sent.status_code == 303
        for _ in range(2):
            assert f"<bdi>{ADA['email']}</bdi>" in (await tab.get(url)).text
        again = await tab.post(url, data={"form": "sign_in", **ADA}, headers={"Origin": url.rpartition("/")[0]})
        assert again.headers["location"] == url


@pytest.mark.promise("sign-in:end:page-closed")
@pytest.mark.parametrize("leaves", [False, True])
async def test_a_form_that_is_not_whole_when_its_page_ends_is_answered(
    leaves: bool, caplog: pytest.LogCaptureFixture
) -> None:
    async with page() as (agent, url):
        given = httpx.URL(url)
        head = f"POST {given.path} HTTP/1.1\r\nHost: {given.host}:{given.port}\r\nOrigin: {url.rpartition('/')[0]}\r\n"
        async with await anyio.connect_tcp(given.host, given.port or 0) as browser:
            await browser.send(f"{head}Content-Length: 500\r\n\r\nform=sign_in".encode())
            await visit(url)  # answered later than that was read
            if leaves:
                await browser.aclose()
                await visit(url)
            await agent.call("logout")
            if not leaves:
                with anyio.fail_after(5):
                    assert (await browser.receive()).startswith(b"HTTP/1.1 410 Gone")
    assert not caplog.records


async def while_ada_signs_in(
    url: str, slow: Slow, then: Callable[[], Coroutine[Any, Any, object]]
) -> list[httpx.Response]:
    """What her browser is shown, whose post is under way while something else is begun."""
    shown: list[httpx.Response] = []

    async def post_hers() -> None:
        shown.append(await visit(url, form="sign_in", **ADA))

    with anyio.fail_after(20):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(post_hers)
            await slow.asked.wait()
            tasks.start_soon(then)
            await anyio.wait_all_tasks_blocked()
            slow.answers.set()
    return shown


async def test_the_attempt_that_is_one_too_many_ends_the_page_before_a_logout_that_waits() -> None:
    slow = Slow(reply(401))
    async with page_for("login", usual(signin=slow), email=ADA["email"]) as (agent, url):
        for _ in range(4):
            await post(url, data={"form": "sign_in", **GRACE})
        (shown,) = await while_ada_signs_in(url, slow, lambda: agent.call("logout"))
    assert (shown.status_code, "too many wrong attempts" in shown.text) == (410, True)


async def test_a_page_whose_session_came_to_its_end_ran_out(clock: FakeClock) -> None:
    settings = {"session_hours": 0.1, "sign_in_minutes": 60}
    errors: list[dict[str, object]] = []
    async with agent_on(server_on(usual().transport, clock, Around(patience_seconds=20), **settings)) as agent:
        url = (await agent.call("login"))["sign_in_url"]

        async def login() -> None:
            errors.append(await agent.fails("login"))

        with anyio.fail_after(20):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(login)
                await anyio.wait_all_tasks_blocked()
                clock.advance(361)
                await agent.call("session_status")
        assert "Its time ran out" in (await visit(url)).text
    assert errors[0]["message"] == "Nobody signed in on the page in time, so it was closed."


@pytest.mark.promise("page:account:meant")
@pytest.mark.parametrize("tool", ["login", "signup"])
async def test_the_account_of_a_page_that_ran_out_during_a_post_is_that_of_the_next_page(
    tool: str, clock: FakeClock
) -> None:
    slow, statuses = Slow(reply(401)), list[dict[str, str]]()
    async with agent_on(server_on(usual(signin=slow).transport, clock)) as agent:
        url = (await agent.call("login", email=ADA["email"]))["sign_in_url"]

        async def again() -> None:
            clock.advance(601)
            statuses.append(await agent.call(tool))

        await while_ada_signs_in(url, slow, again)
        assert statuses[0]["sign_in_url"] != url
        assert "<bdi>a…@example.org</bdi>" in (await visit(statuses[0]["sign_in_url"])).text


async def guess(page: PendingSignIn) -> list[str]:
    """What wrong attempts are told until there are no more."""
    answers = [await visit(page.url, form="sign_in", email="a@b.c", password="x") for _ in range(MOST_ATTEMPTS)]
    return [answer.text for answer in answers]


async def come_back_with_an_error(page: PendingSignIn) -> list[str]:
    """What somebody is told who comes back from the consent page without a code."""
    async with httpx.AsyncClient(trust_env=False) as tab:
        home = page.url.rpartition("/")[0]
        left = await tab.post(page.url, data={"form": "oauth"}, headers={"Origin": home})
        state = httpx.URL(left.headers["Location"]).params["state"]
        return [(await tab.get(f"{home}{CALLBACK_PATH}", params={"state": state, "error": "x"})).text]


@pytest.mark.parametrize("stop", [guess, come_back_with_an_error])
async def test_nothing_stops_a_page_at_which_somebody_is_signing_in(
    stop: Callable[[PendingSignIn], Awaitable[list[str]]], clock: FakeClock
) -> None:
    shown: list[str] = []
    async with desk(clock, oauth_port=free_port()) as (on, store):
        async with store.moving("ada", create=True) as session:
            page = await on.open(session, email="ada@example.org")

        async def stop_it() -> None:
            shown.extend(await stop(page))

        with anyio.fail_after(10):
            async with anyio.create_task_group() as tasks, store.moving("ada"):
                tasks.start_soon(stop_it)
                while page.end is None and not session.moving.statistics().tasks_waiting:
                    await anyio.lowlevel.checkpoint()
                assert page.end is None
                page.finish()
        assert (page.end, "Somebody signed in by this link already." in shown[-1]) == (End.SIGNED_IN, True)
