"""``SessionStatus`` of a session that changed while a call waited."""

import pytest
from rememberizer_mcp.tools.status import signed_out, status_of

from tests.support.clock import FakeClock
from tests.support.sessions import signed_in
from tests.support.upstream import usual


@pytest.mark.promise("D10")
async def test_a_session_that_was_signed_out_meanwhile_is_shown_as_none(clock: FakeClock) -> None:
    async with signed_in(usual(), clock) as session:
        assert status_of(session).session == session.handle
        session.wipe()
        assert status_of(session) == signed_out()
