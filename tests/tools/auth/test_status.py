"""``SessionStatus`` of a session that changed while a call waited."""

import pytest
from rememberizer_mcp.tools.auth.status import WHEN_DONE, signed_out, status_of
from rememberizer_mcp.tools.base.sign_in import Sent

from tests.support.agent import ADA, ERAS, Era, agent_on, server_on
from tests.support.clock import FakeClock
from tests.support.person import visit
from tests.support.sessions import signed_in
from tests.support.upstream import reply, usual


@pytest.mark.promise("sessions:states:illegal-moves")
async def test_a_session_that_was_signed_out_meanwhile_is_shown_as_none(clock: FakeClock) -> None:
    async with signed_in(usual(), clock) as session:
        assert status_of(session).session == session.handle
        session.wipe()
        assert status_of(session) == signed_out()


@pytest.mark.promise("sign-in:ways:page-without-credentials")
@pytest.mark.parametrize("era", ERAS)
async def test_while_a_page_is_open_the_model_is_told_to_hand_over_the_link(era: Era) -> None:
    async with agent_on(server_on(usual().transport), era) as agent:
        await agent.call("login")
        said = (await agent.call("session_status"))["next"]
    assert said == f"{Sent.BY_LINK.value} {WHEN_DONE}"


@pytest.mark.promise("sign-in:ways:page-without-credentials")
@pytest.mark.parametrize("era", ERAS)
async def test_what_the_person_can_repair_at_the_page_is_no_trouble_of_the_models(era: Era) -> None:
    async with agent_on(server_on(usual(signin=reply(401)).transport), era) as agent:
        url = (await agent.call("login"))["sign_in_url"]
        assert (await visit(url, form="sign_in", **ADA)).status_code == 422
        said = (await agent.call("session_status"))["next"]
    assert said == f"{Sent.BY_LINK.value} {WHEN_DONE}"


@pytest.mark.promise("sessions:lifetime:idle-cap-sweeper")
@pytest.mark.parametrize("era", ERAS)
@pytest.mark.parametrize("tool", ["session_status", "refresh"])
async def test_asking_for_the_status_and_renewing_count_as_use(era: Era, tool: str, clock: FakeClock) -> None:
    async with agent_on(server_on(usual().transport, clock, session_idle_minutes=10), era) as agent:
        await agent.call("login", **ADA)
        for _ in range(3):
            clock.advance(9 * 60)
            assert (await agent.call(tool))["state"] == "signed_in"
