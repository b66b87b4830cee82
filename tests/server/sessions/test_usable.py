"""Which sign-in is good for calls, which may be renewed, and what is said of one that is not."""

import pytest
from rememberizer_mcp.server.errors import EmailNotVerified
from rememberizer_mcp.server.sessions.meant import Meant
from rememberizer_mcp.server.sessions.states import State

from tests.support.agent import ADA
from tests.support.clock import FakeClock
from tests.support.hints import hint
from tests.support.sessions import ACCOUNT, signed_in
from tests.support.upstream import reply, tokens, usual

MINUTE = "a; Path=/; Max-Age=60"
BOTH = {"access_token": MINUTE, "refresh_token": "r; Path=/"}


@pytest.mark.promise("sessions:refresh:refused-or-lost", "sessions:refresh:before-and-after-401")
async def test_a_lost_network_leaves_it_usable_and_nothing_is_raised(clock: FakeClock) -> None:
    async with signed_in(usual(signin=reply(cookies=BOTH), custom_refresh=reply(503)), clock) as session:
        clock.advance(61)
        assert await session.grant.is_usable()
        assert session.grant.can_refresh


@pytest.mark.promise("sessions:refresh:before-and-after-401")
async def test_without_a_refresh_token_it_is_usable_until_its_end_and_asked_by_until_then(clock: FakeClock) -> None:
    upstream = usual(signin=reply(cookies={"access_token": MINUTE}), account=reply(200, json={"id": 1}))
    async with signed_in(upstream, clock) as session:
        clock.advance(59)
        assert await session.grant.is_usable()
        assert (await session.grant.request(ACCOUNT)).status == 200
        clock.advance(1)
        assert not await session.grant.is_usable()


@pytest.mark.promise("sessions:refresh:refused-or-lost")
async def test_once_refused_it_is_neither_usable_nor_renewed(clock: FakeClock) -> None:
    upstream = usual(signin=reply(cookies=BOTH), custom_refresh=reply(401))
    async with signed_in(upstream, clock) as session:
        clock.advance(61)
        for _ in range(2):
            assert not await session.grant.is_usable()
            assert not session.grant.can_refresh
    assert len(upstream.asked("auth/custom-refresh/")) == 1


@pytest.mark.promise("sessions:account:name-and-email")
async def test_an_empty_name_is_none(clock: FakeClock) -> None:
    async with signed_in(usual(me=reply(200, json={"name": ""})), clock) as session:
        assert (session.grant.name, session.state) == (None, State.SIGNED_IN)


@pytest.mark.promise("upstream:answers:codes")
async def test_a_verified_account_that_is_refused_as_unverified_is_sent_elsewhere_and_stays_as_it_is(
    clock: FakeClock,
) -> None:
    refusal = reply(403, json={"detail": "E-mail not verified"})
    async with signed_in(usual(signin=[reply(cookies=tokens()), refusal]), clock) as session:
        with pytest.raises(EmailNotVerified) as raised:
            await session.sign_in(**ADA, captcha=None)
        assert hint(raised.value) != hint(EmailNotVerified)
        assert not session.grant.verifies_elsewhere


@pytest.mark.promise("sessions:account:name-and-email")
async def test_an_account_is_known_by_the_name_that_rememberizer_has_for_it(clock: FakeClock) -> None:
    async with signed_in(usual(me=reply(200, json={"email": "countess@example.org"})), clock) as session:
        assert (session.email, session.grant.meant) == ("countess@example.org", Meant(ADA["email"]))
