"""Where the hint of a missing or refused captcha leads, followed to the letter."""

from typing import Any

import pytest

from tests.support.agent import ADA, ERAS, GRACE, Era, agent_on, server_on
from tests.support.person import visit
from tests.support.sessions import resync
from tests.support.upstream import reply, tokens, usual

pytestmark = pytest.mark.parametrize("era", ERAS)
REFUSAL = reply(400, json={"captcha": ["Invalid."]})
each_refusal = pytest.mark.parametrize(
    ("given", "code"), [({}, "captcha_required"), ({"captcha": "used"}, "captcha_rejected")]
)


@each_refusal
@pytest.mark.promise("upstream:answers:codes")
@pytest.mark.parametrize("tool", ["login", "signup"])
async def test_the_hint_of_a_captcha_leads_to_a_page_for_the_account_that_was_meant(
    era: Era, tool: str, given: dict[str, Any], code: str
) -> None:
    upstream = usual(signin=[reply(cookies=tokens()), REFUSAL], signup=REFUSAL)
    async with agent_on(server_on(upstream.transport), era) as agent:
        await agent.call("login", **ADA)
        error = await agent.fails(tool, **GRACE, **given)
        assert error["code"] == code
        assert f"call `{tool}` again with the same `email` and without `password`" in error["hint"]
        status = await agent.call(tool, email=GRACE["email"])
        page = (await visit(status["sign_in_url"])).text
        assert (status["state"], "g…@example.org" in page) == ("pending", True)
        assert ('value="sign_up"' in page) is (tool == "signup")
        await resync()


@each_refusal
@pytest.mark.promise("upstream:answers:codes", "tools:errors:name-the-setting")
@pytest.mark.parametrize("tool", ["login", "signup", "search"])
@pytest.mark.parametrize("passed", [False, True], ids=["by settings", "by arguments"])
async def test_where_the_settings_hold_the_password_the_hint_names_the_captcha_setting(
    era: Era, tool: str, passed: bool, given: dict[str, Any], code: str
) -> None:
    server = server_on(usual(signin=REFUSAL, signup=REFUSAL).transport, **ADA, **given)
    arguments = {"query": "tea"} if tool == "search" else ADA if passed else {}
    async with agent_on(server, era) as agent:
        error = await agent.fails(tool, **arguments)
    assert error["code"] == code
    assert "set REMEMBERIZER_CAPTCHA to a fresh response and restart the server" in error["hint"]
    assert "`login`" not in error["hint"]


async def test_another_account_than_the_settings_is_sent_to_the_page(era: Era) -> None:
    async with agent_on(server_on(usual(signin=REFUSAL).transport, **ADA), era) as agent:
        assert "that opens a page" in (await agent.fails("login", **GRACE))["hint"]
        assert (await agent.call("login", email=GRACE["email"]))["state"] == "pending"
        await resync()
