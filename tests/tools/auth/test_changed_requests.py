"""A request that changes while a page is open, and what is said of the page to a model that asks for the first time."""

from functools import partial
from typing import Any

import anyio
import pytest
from mcp_types import ElicitResult

from tests.support.agent import ADA, ERAS, GRACE, Around, Era, agent_on, server_on
from tests.support.clock import FakeClock
from tests.support.knowledge import knowledge
from tests.support.person import Asking, link, sign_in_as_another, visit
from tests.support.sessions import resync
from tests.support.two_accounts import upstream_of_both
from tests.support.upstream import reply, tokens, usual

pytestmark = pytest.mark.parametrize("era", ERAS)
PATIENT = Around(patience_seconds=60)
SECONDS = 10
"""Less than a call waits for a person."""
HAND_OVER = "Give the user the link and the confirm code: the page shows the same two words, and they compare them."


@pytest.mark.promise("sign-in:pending:patience")
@pytest.mark.parametrize(
    ("first", "then"),
    [
        (("signup", {}), ("login", {})),
        (("login", {"email": ADA["email"]}), ("login", {"email": GRACE["email"]})),
        (("signup", {"name": "Ada"}), ("signup", {"name": "Grace"})),
    ],
    ids=["another form", "another account", "another name"],
)
@pytest.mark.parametrize("can_ask", [False, True])
async def test_a_changed_request_returns_at_once_and_the_same_one_waits(
    era: Era, first: tuple[str, Any], then: tuple[str, Any], can_ask: bool
) -> None:
    host = {"elicitation_callback": Asking("cancel")} if can_ask else {}
    states: list[str] = []
    async with agent_on(server_on(usual().transport, None, PATIENT), era, **host) as agent:
        with anyio.fail_after(SECONDS):
            url = (await link(agent, first[0], **first[1]))["sign_in_url"]
            changed = await link(agent, then[0], **then[1])
        assert changed["sign_in_url"] == url
        assert changed["next"].startswith(HAND_OVER)

        async def again() -> None:
            states.append((await agent.call(then[0], **then[1]))["state"])

        with anyio.fail_after(SECONDS):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(again)
                await anyio.wait_all_tasks_blocked()
                assert not states
                await sign_in_as_another(url, **ADA)
        await resync()
    assert states == ["signed_in"]


@pytest.mark.promise("sign-in:pending:link-and-code")
async def test_a_tool_that_starts_a_sign_in_says_so_and_to_call_it_again(era: Era) -> None:
    async with agent_on(server_on(usual().transport, None, PATIENT), era) as agent:
        with anyio.fail_after(SECONDS):
            await link(agent, "signup")
            error = await agent.fails("search", query="tea")
    said = f"Sign-in was started: the user signs in at {error['sign_in_url']} (confirm code: {error['confirm_code']}). "
    assert (error["code"], error["message"]) == ("sign_in_pending", said + HAND_OVER)
    assert error["hint"] == "Call this tool again when the user says that they signed in."


@pytest.mark.promise("sessions:states:illegal-moves")
async def test_who_is_signed_in_and_asked_for_stays_and_the_page_for_another_is_closed(era: Era) -> None:
    async with agent_on(server_on(usual().transport, None, PATIENT), era) as agent:
        held = await agent.call("login", **ADA)
        page = await link(agent, email=GRACE["email"])
        assert (await link(agent, "session_status"))["sign_in_url"] == page["sign_in_url"]
        after = held | {"last_sign_in": "replaced", "last_confirm_code": page["confirm_code"]}
        assert await agent.call("login", email=ADA["email"].upper()) == after
        assert await agent.call("session_status") == after
        assert (await visit(page["sign_in_url"])).status_code == 410


@pytest.mark.promise("sessions:states:illegal-moves")
async def test_without_a_name_the_page_for_another_stays_open(era: Era) -> None:
    async with agent_on(server_on(usual().transport, None, PATIENT), era) as agent:
        await agent.call("login", **ADA)
        url = (await link(agent, email=GRACE["email"]))["sign_in_url"]
        assert (await link(agent))["sign_in_url"] == url
        await resync()


@pytest.mark.promise("sessions:states:illegal-moves")
async def test_an_account_whose_name_is_not_known_closes_no_page(era: Era) -> None:
    upstream = usual(me=reply(500), custom_refresh=reply(cookies=tokens(1)))
    async with agent_on(server_on(upstream.transport, None, PATIENT, refresh_token="canary-of-somebody"), era) as agent:
        assert (await agent.call("login"))["email"] is None
        url = (await link(agent, "signup"))["sign_in_url"]
        assert (await link(agent, email=GRACE["email"]))["sign_in_url"] == url
        await resync()


@pytest.mark.promise("page:forms:work-and-stay")
async def test_the_page_that_waits_for_the_mailed_code_stays(era: Era) -> None:
    me = reply(200, json={"email": ADA["email"], "email_verified": False})
    async with agent_on(server_on(usual(me=me).transport, None, PATIENT), era) as agent:
        url = (await link(agent, email=ADA["email"]))["sign_in_url"]
        with anyio.fail_after(SECONDS):
            await visit(url, form="sign_in", **ADA)
            assert (await link(agent, email=ADA["email"]))["sign_in_url"] == url
        await resync()


@pytest.mark.promise("sessions:states:illegal-moves")
@pytest.mark.parametrize(
    ("cookies", "until"),
    [
        ({"access_token": "opaque; Path=/; Max-Age=600"}, None),
        (tokens(), "it expires, at a time that is not known here"),
    ],
    ids=["known", "not known"],
)
async def test_a_sign_out_that_is_not_confirmed_says_until_when_and_what_ends_it(
    era: Era, cookies: dict[str, str], until: str | None, clock: FakeClock
) -> None:
    upstream = usual(signin=reply(cookies=cookies), custom_logout=reply(500))
    async with agent_on(server_on(upstream.transport, clock), era) as agent:
        ends_at = (await agent.call("login", **ADA))["access_expires_at"]
        said = (await agent.call("logout"))["next"]
    assert (
        f"its side may last until {until or ends_at}. To end it sooner, the user signs out at rememberizer.ai" in said
    )
    assert said.endswith("or changes the password there.")


@pytest.mark.promise("upstream:answers:codes")
async def test_a_refused_code_says_how_far_a_new_one_can_be_had(era: Era) -> None:
    async with agent_on(server_on(usual(verify_email=reply(400)).transport), era) as agent:
        await agent.call("signup", **ADA)
        error = await agent.fails("verify", verification_code="1")
    assert "How to get a new one is not documented; the sandbox mails one" in error["hint"]
    assert error["hint"].endswith("when they sign in anew: `logout`, then `login`.")


@pytest.mark.promise("upstream:answers:codes")
async def test_an_expired_session_says_that_nothing_was_done_and_the_same_call_leads_on(era: Era) -> None:
    refused = reply(401)
    upstream = knowledge({"documents/memorize/": refused}, custom_refresh=refused)
    async with agent_on(server_on(upstream.transport, None, PATIENT), era) as agent:
        await agent.call("login", **ADA)
        call = partial(agent.fails, "remember", name="n", content="c")
        error = await call()
        assert (error["code"], error["message"]) == (
            "session_expired",
            "Rememberizer no longer accepts this session. Nothing was done.",
        )
        assert "starts the sign-in by itself, too, when it is called again" in error["hint"]
        assert (await call())["code"] == "sign_in_pending"
        await resync()


async def test_a_login_that_somebody_else_answered_ends_with_them_and_asks_no_second_time(era: Era) -> None:
    urls = list[str]()

    async def as_grace(_: Any, params: Any) -> ElicitResult:
        urls.append(params.url)
        await sign_in_as_another(params.url, **GRACE)
        return ElicitResult(action="accept")

    server = server_on(upstream_of_both().transport, None, PATIENT)
    async with agent_on(server, era, elicitation_callback=as_grace) as agent:
        status = await agent.call("login", email=ADA["email"])
    assert (status["state"], status["email"], len(urls)) == ("signed_in", GRACE["email"], 1)
    assert status["next"].startswith("This is grace@example.org, and not ada@example.org")
