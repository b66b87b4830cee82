"""A page whose time is over, in the store of sessions."""

from dataclasses import dataclass

import pytest
from rememberizer_mcp.server.errors import SignInFailed, TooManySessions
from rememberizer_mcp.server.sessions.session import Session
from rememberizer_mcp.server.sessions.states import WaitingFor

from tests.support.agent import ADA
from tests.support.clock import FakeClock
from tests.support.sessions import environment_on, store_of
from tests.support.upstream import usual


@dataclass
class OldPage:
    """A page whose time is over."""

    session: Session
    expires_at: float
    url: str = "http://127.0.0.1:1/ticket"
    confirm_code: str = "steady honey"
    for_account: str | None = None
    waiting_for: WaitingFor = "credentials"
    wants_code: bool = False
    trouble: SignInFailed | None = None
    was_closed: bool = False

    def finish(self) -> None:
        """Nobody signs in on it."""

    def close(self, *, replaced: bool = False) -> None:
        self.was_closed = not replaced

    def run_out(self) -> None:
        self.session.close_page()


@pytest.mark.promise("sign-in:pending:abandoned-reaped")
async def test_a_page_whose_time_is_over_stays_while_a_post_to_it_is_under_way(clock: FakeClock) -> None:
    async with environment_on(usual(), clock) as environment:
        store = store_of(environment)
        async with store.moving("ada", create=True) as session:
            session.page = page = OldPage(session, expires_at=clock())
            assert store.find("ada") is session
            assert not page.was_closed
        assert store.find("ada") is None
        assert page.was_closed


@pytest.mark.promise("sessions:lifetime:idle-cap-sweeper")
async def test_a_session_whose_page_is_open_is_neither_idle_nor_evicted(clock: FakeClock) -> None:
    async with environment_on(usual(), clock) as environment:
        store = store_of(environment, most=1, idle=100)
        async with store.moving("ada", create=True) as session:
            session.page = OldPage(session, expires_at=clock() + 500)
        clock.advance(200)
        assert store.find("ada") is session
        with pytest.raises(TooManySessions):
            await store.moving("grace", create=True).__aenter__()


@pytest.mark.promise("sessions:lifetime:idle-cap-sweeper")
async def test_a_session_whose_page_ran_out_after_its_idle_time_has_ended_at_once(clock: FakeClock) -> None:
    async with environment_on(usual(), clock) as environment:
        store = store_of(environment, idle=100)
        async with store.moving("ada", create=True) as session:
            await session.sign_in(**ADA, captcha=None)
            session.page = OldPage(session, expires_at=clock() + 50)
        clock.advance(100)  # while the machine slept, and with it the timer of the page
        assert store.find("ada") is None
        assert store.has_ended("ada")
        async with store.moving("ada", create=True) as session:
            session.page = OldPage(session, expires_at=clock() + 50)
        clock.advance(100)
        assert store.find("ada") is None
