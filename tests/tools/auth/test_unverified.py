"""Where an address that is not verified yet is to be verified: here by the code, or at Rememberizer itself."""

from typing import Any

import pytest
from rememberizer_mcp.server.api.client import asgi_transport
from rememberizer_mcp.server.sandbox.app import Sandbox
from rememberizer_mcp.server.sandbox.config import SANDBOX_CAPTCHA, SandboxConfig, Variants

from tests.support.agent import ADA, ERAS, GRACE, Agent, Era, agent_on, server_on
from tests.support.person import visit
from tests.support.upstream import reply, tokens, usual

REFUSED = reply(400, json={"verification_code": ["Invalid."]})
pytestmark = pytest.mark.parametrize("era", ERAS)
CAPTCHA = {"captcha": SANDBOX_CAPTCHA}
CODE = {"verification_code": "123456"}
UNVERIFIED = reply(403, json={"detail": "E-mail address is not verified."})
NO_TOKEN = reply(201, json={"id": 1})


async def assert_refused_and_sent_elsewhere(agent: Agent, tool: str, code: str, **arguments: Any) -> None:
    error = await agent.fails(tool, **arguments)
    assert error["code"] == code
    assert_elsewhere(error["hint"])


def assert_elsewhere(text: str) -> None:
    """It leads to Rememberizer, and names no tool but the one that comes afterwards."""
    assert text.startswith(
        "The user has to verify the address at Rememberizer itself, by the link or code in their mail"
    )
    assert "`verify` can't be used here. Call `login` afterwards." in text


async def test_who_is_not_verified_is_not_said_to_stay_signed_in_until_they_are(era: Era) -> None:
    async with agent_on(server_on(usual(signup=NO_TOKEN).transport), era) as agent:
        await agent.call("signup", **ADA, **CAPTCHA)
        status = await agent.call("login")
    assert (status["state"], "stays signed in" in status["next"]) == ("pending", False)


async def test_a_session_whose_token_nobody_can_name_is_a_session_all_the_same(era: Era) -> None:
    async with agent_on(server_on(usual(signin=reply(cookies={"odd": "opaque"})).transport), era) as agent:
        await agent.call("login", **ADA)
        assert (await agent.call("login"))["state"] == "signed_in"


async def test_a_code_leaves_a_page_for_another_account_open(era: Era) -> None:
    not_verified = reply(200, json={"email": ADA["email"], "email_verified": False})
    async with agent_on(server_on(usual(me=not_verified).transport), era) as agent:
        assert (await agent.call("login", **ADA))["state"] == "unverified"
        url = (await agent.call("login", email=GRACE["email"]))["sign_in_url"]
        await agent.call("verify", **CODE)
        assert (await visit(url)).status_code == 200


@pytest.mark.promise("sessions:states:illegal-moves", "sandbox:wire:variants")
async def test_hints_are_no_loop_where_only_a_verified_address_gets_a_token(era: Era) -> None:
    variants = Variants.parse(["signup_tokens=none", "unverified_sign_in=refused"])
    with Sandbox(SandboxConfig(variants=variants)) as sandbox:
        async with agent_on(server_on(asgi_transport(sandbox.app)), era) as agent:
            assert (await agent.call("signup", **ADA, **CAPTCHA))["next"].startswith("Call `login`, then `verify`")
            assert "Call `login`, then `verify`" in (await agent.fails("verify", **CODE))["hint"]
            await assert_refused_and_sent_elsewhere(agent, "login", "email_not_verified", **ADA, **CAPTCHA)
            status = await agent.call("session_status")
            assert status["state"] == "unverified"
            assert_elsewhere(status["next"])
            await assert_refused_and_sent_elsewhere(agent, "verify", "not_signed_in", **CODE)


@pytest.mark.promise("sessions:states:illegal-moves")
async def test_after_the_address_was_verified_elsewhere_login_leads_on(era: Era) -> None:
    upstream = usual(signup=NO_TOKEN, signin=[UNVERIFIED, reply(cookies=tokens())])
    async with agent_on(server_on(upstream.transport), era) as agent:
        await agent.call("signup", **ADA)
        await agent.fails("login", **ADA)
        assert (await agent.call("login", **ADA))["state"] == "signed_in"
        assert (await agent.call("verify", **CODE))["state"] == "signed_in"


@pytest.mark.promise("sessions:states:illegal-moves")
async def test_a_session_with_a_token_is_verified_here_though_a_sign_in_was_refused(era: Era) -> None:
    async with agent_on(server_on(usual(signin=UNVERIFIED).transport), era) as agent:
        await agent.call("signup", **ADA)
        assert "call `verify`" in (await agent.fails("login", **ADA))["hint"]
        assert "call `verify`" in (await agent.call("session_status"))["next"]
        assert (await agent.call("verify", **CODE))["state"] == "signed_in"


@pytest.mark.promise("sessions:states:illegal-moves")
@pytest.mark.parametrize("held", [NO_TOKEN, reply(201, cookies=tokens())], ids=["without a token", "with one"])
async def test_another_account_that_is_refused_says_nothing_of_the_one_that_is_held(era: Era, held: Any) -> None:
    async with agent_on(server_on(usual(signup=held, signin=UNVERIFIED).transport), era) as agent:
        before = (await agent.call("signup", **ADA))["next"]
        await assert_refused_and_sent_elsewhere(agent, "login", "email_not_verified", **GRACE)
        assert (await agent.call("session_status"))["next"] == before


@pytest.mark.promise("sessions:states:illegal-moves")
async def test_a_code_that_is_refused_after_the_sign_in_asks_for_no_other(era: Era) -> None:
    async with agent_on(server_on(usual(verify_email=REFUSED).transport), era) as agent:
        await agent.call("login", **ADA)
        error = await agent.fails("verify", **CODE)
        assert error["code"] == "invalid_verification_code"
        assert error["hint"].startswith("The account is signed in, so its address is probably verified already: go on")
        await agent.call("signup", **GRACE)
        assert "Ask the user for the newest code" in (await agent.fails("verify", **CODE))["hint"]
