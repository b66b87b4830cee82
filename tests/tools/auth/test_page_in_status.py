"""What a status says of the sign-in page: what it waits for, for whom and until when, and how the last one ended."""

from collections.abc import Awaitable, Callable
from typing import Any

import anyio
import pytest
from rememberizer_mcp.tools.auth.status import ENDED, NOBODY_YET, PAGE_CLOSED

from tests.server.signin.test_consent import consenting
from tests.server.signin.visits import page_for, post
from tests.support.agent import ADA, ERAS, GRACE, Agent, Around, Era, agent_on, server_on
from tests.support.clock import FakeClock, Gate
from tests.support.person import Asking, sign_in_at, visit
from tests.support.sessions import resync
from tests.support.upstream import reply, usual

each_era = pytest.mark.parametrize("era", ERAS)
pytestmark = pytest.mark.promise("sign-in:pending:says-what-for")
LINK = "Give the user the link and the confirm code: the page shows the same two words, and they compare them. "
DONE = "When they say that they are done, call `session_status`."
NOT_VERIFIED = reply(200, json={"email": ADA["email"], "name": "Ada", "email_verified": False})


def of_page(status: dict[str, Any]) -> tuple[Any, ...]:
    """What the open page waits for, for whom, and who is signed in."""
    return status["state"], status["waiting_for"], status["requested_email"], status["email"]


def of_last(status: dict[str, Any]) -> tuple[Any, ...]:
    """How the last one ended, and which that was."""
    return status["last_sign_in"], status["last_confirm_code"]


@each_era
@pytest.mark.parametrize(
    ("tool", "email", "purpose"),
    [
        ("login", None, ""),
        ("login", ADA["email"], "The page is for ada@example.org. "),
        ("signup", None, "The page makes a new account. "),
        ("signup", ADA["email"], "The page makes a new account for ada@example.org. "),
    ],
)
async def test_a_pending_status_says_what_the_page_is_for_and_for_whom(
    era: Era, tool: str, email: str | None, purpose: str, clock: FakeClock
) -> None:
    async with agent_on(server_on(usual().transport, clock), era) as agent:
        status = await agent.call(tool, email=email)
        assert await agent.call("session_status") == status
    waiting_for = "credentials" if tool == "login" else "new_account"
    assert of_page(status) == ("pending", waiting_for, email, None)
    assert status["next"] == f"{LINK}{purpose}{DONE}"
    assert status["page_expires_at"] == "2025-06-15T15:16:40Z"
    assert of_last(status) == (None, None)


async def test_a_page_that_leads_to_the_consent_page_says_so() -> None:
    async with consenting(usual()) as (agent, _):
        assert of_page(await agent.call("session_status")) == ("pending", "consent", None, None)


@each_era
async def test_who_is_signed_in_and_who_was_asked_for_are_told_apart(era: Era) -> None:
    async with agent_on(server_on(usual().transport), era) as agent:
        await agent.call("login", **ADA)
        status = await agent.call("login", email=GRACE["email"])
        assert of_page(status) == ("pending", "credentials", GRACE["email"], ADA["email"])
        assert status["next"] == (
            f"{LINK}The page is for grace@example.org. ada@example.org stays signed in until then. {DONE}"
        )


async def test_an_account_whose_session_ended_does_not_stay_signed_in() -> None:
    async with agent_on(server_on(usual(custom_refresh=reply(401)).transport)) as agent:
        await agent.call("login", **ADA)
        await agent.fails("refresh")
        status = await agent.call("login", email=GRACE["email"])
        assert (status["email"], status["next"]) == (ADA["email"], f"{LINK}The page is for grace@example.org. {DONE}")


async def test_a_page_on_which_only_the_mailed_code_is_left_says_so() -> None:
    async with page_for("signup", usual(me=NOT_VERIFIED), email=ADA["email"]) as (agent, url):
        code = (await agent.call("session_status"))["confirm_code"]
        await visit(url, form="sign_up", **ADA)
        status = await agent.call("session_status")
        assert of_page(status) == ("pending", "verification_code", ADA["email"], ADA["email"])
        status = await agent.call("verify", verification_code="123456")
        assert (status["state"], *of_last(status)) == ("signed_in", "signed_in", code)
        assert "Somebody signed in by this link already." in (await visit(url)).text


async def sign_in(_: Agent, url: str, __: FakeClock) -> None:
    await sign_in_at(url)


async def sign_in_otherwise(agent: Agent, _: str, __: FakeClock) -> None:
    await agent.call("login", **ADA)


async def sign_up_otherwise(agent: Agent, _: str, __: FakeClock) -> None:
    await agent.call("signup", **ADA)


async def sign_out(agent: Agent, _: str, __: FakeClock) -> None:
    assert (await agent.call("logout"))["next"] == PAGE_CLOSED


async def let_it_run_out(_: Agent, __: str, clock: FakeClock) -> None:
    clock.advance(600)


async def fail_five_times(_: Agent, url: str, __: FakeClock) -> None:
    for _attempt in range(5):
        await post(url, data={"form": "browser_session", "refresh_token": "wrong"})


@each_era
@pytest.mark.parametrize(
    ("end", "outcome", "then"),
    [
        (sign_in, "signed_in", ("signed_in", "Go on; the session renews itself.")),
        (sign_in_otherwise, "replaced", ("signed_in", "Go on; the session renews itself.")),
        (sign_up_otherwise, "replaced", ("unverified", "Ask the user for the code that Rememberizer mailed")),
        (sign_out, "closed", ("signed_out", NOBODY_YET)),
        (let_it_run_out, "expired", ("signed_out", ENDED["expired"])),
        (fail_five_times, "too_many_attempts", ("signed_out", ENDED["too_many_attempts"])),
    ],
)
async def test_the_status_says_how_the_last_page_ended(
    era: Era,
    end: Callable[[Agent, str, FakeClock], Awaitable[None]],
    outcome: str,
    then: tuple[str, str],
    clock: FakeClock,
) -> None:
    async with agent_on(server_on(usual(custom_refresh=reply(401)).transport, clock), era) as agent:
        before = await agent.call("login")
        await end(agent, before["sign_in_url"], clock)
        status = await agent.call("session_status")
        assert (status["state"], *of_last(status)) == (then[0], outcome, before["confirm_code"])
        assert of_page(status)[1:3] == (None, None)
        assert (status["page_expires_at"], status["next"].startswith(then[1])) == (None, True)
        await resync()


@each_era
async def test_a_declined_sign_in_is_told_as_that(era: Era) -> None:
    server = server_on(usual().transport, None, Around(patience_seconds=60))
    async with agent_on(server, era, elicitation_callback=Asking("decline")) as agent:
        await agent.fails("login")
        status = await agent.call("session_status")
    assert (status["state"], status["last_sign_in"]) == ("signed_out", "declined")
    assert status["next"] == "The user declined to sign in: don't ask again unless they bring it up."


@pytest.mark.parametrize(
    ("error", "outcome", "said"),
    [("access_denied", "declined", "The user declined"), ("server_error", "failed", "Rememberizer's consent page")],
)
async def test_what_the_consent_page_answered_is_told(error: str, outcome: str, said: str) -> None:
    async with consenting(usual()) as (agent, tab):
        state = (await tab.leave())["state"]
        await tab.come_back(state=state, error=error)
        status = await agent.call("session_status")
    assert (status["last_sign_in"], status["next"].startswith(said)) == (outcome, True)


async def test_an_end_is_forgotten_when_the_next_page_opens_or_the_user_signs_out(clock: FakeClock) -> None:
    async with agent_on(server_on(usual().transport, clock)) as agent:
        for tool in ("login", "logout"):
            await agent.call("login")
            clock.advance(600)
            assert (await agent.call("session_status"))["last_sign_in"] == "expired"
            await agent.call(tool)
            assert of_last(await agent.call("session_status")) == (None, None)
            await agent.call("logout")
            await agent.call("logout")


async def test_another_page_or_a_sign_in_that_needs_none_leaves_no_last_page(clock: FakeClock) -> None:
    async with agent_on(server_on(usual().transport, clock)) as agent:
        await agent.call("login", **ADA)
        first = await agent.call("login", email=GRACE["email"])
        clock.advance(600)
        status = await agent.call("session_status")
        assert (status["email"], *of_last(status)) == (ADA["email"], "expired", first["confirm_code"])
        assert of_last(await agent.call("login", email=GRACE["email"])) == (None, None)
        clock.advance(600)
        assert of_last(await agent.call("session_status"))[0] == "expired"
        assert of_last(await agent.call("login", **ADA)) == (None, None)


@pytest.mark.promise("sessions:lifetime:idle-cap-sweeper")
@each_era
async def test_asking_while_a_page_is_open_keeps_no_session_alive(era: Era, clock: FakeClock) -> None:
    """A card asks every few seconds, also when its person has left."""
    life = Gate()
    around = Around(page_life=life.sleep)
    async with agent_on(server_on(usual().transport, clock, around, session_idle_minutes=8), era) as agent:
        await agent.call("login", **ADA)
        await agent.call("login", email=GRACE["email"])
        await life.waiting.wait()
        clock.advance(599)
        assert (await agent.call("session_status"))["state"] == "pending"
        life.open()
        await anyio.wait_all_tasks_blocked()
        assert (await agent.call("session_status"))["state"] == "signed_out"
        await resync()
