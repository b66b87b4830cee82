"""A page whose sign-in is over: for some minutes it says what happened and how to go on."""

import re
from collections.abc import Awaitable, Callable

import anyio
import httpx
import pytest
from mcp_types import ElicitRequestURLParams

from tests.server.signin.visits import page, page_for, post, state
from tests.support.agent import ADA, Agent, Around, agent_on, server_on
from tests.support.clock import FakeClock, Gate
from tests.support.person import Asking, visit
from tests.support.sessions import resync
from tests.support.upstream import reply, usual

pytestmark = pytest.mark.promise("page:end:said")
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
        (sign_out, ["It was closed by a sign-out or another sign-in.", NOBODY, NEW_LINK]),
        (sign_in_otherwise, ["It was closed by a sign-out or another sign-in.", NOBODY, NEW_LINK]),
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


async def test_the_browser_that_signed_in_sees_its_end_for_as_long() -> None:
    async with page() as (_, url), httpx.AsyncClient(trust_env=False) as tab:
        await tab.get(url)
        sent = await tab.post(url, data={"form": "sign_in", **ADA}, headers={"Origin": url.rpartition("/")[0]})
        assert sent.status_code == 303
        for _ in range(2):
            assert f"<bdi>{ADA['email']}</bdi>" in (await tab.get(url)).text
        again = await tab.post(url, data={"form": "sign_in", **ADA}, headers={"Origin": url.rpartition("/")[0]})
        assert again.headers["location"] == url


@pytest.mark.promise("D81")
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
