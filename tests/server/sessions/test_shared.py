"""Sessions are the same in memory and in Redis, and in one process and in two."""

from collections.abc import AsyncIterator

import pytest
from rememberizer_mcp.server.errors import AccountChanged, InvalidCredentials, SessionExpired, UnknownSession
from rememberizer_mcp.server.sessions.states import State
from rememberizer_mcp.server.signin.pending import End

from tests.support.agent import ADA, GRACE
from tests.support.clock import FakeClock
from tests.support.redis import RedisServer
from tests.support.sessions import ACCOUNT
from tests.support.sharing import Replica, replicas, sign_in
from tests.support.upstream import FakeUpstream, reply, tokens

pytestmark = [pytest.mark.needs("redis-server"), pytest.mark.promise("hosting:store:same-sessions")]
Both = tuple[Replica, Replica]


@pytest.fixture(params=["memory", "Redis", "Redis and two processes"])
async def both(
    request: pytest.FixtureRequest, upstream: FakeUpstream, clock: FakeClock, redis: RedisServer
) -> AsyncIterator[Both]:
    """The process that a call comes to, and the one that the next call comes to."""
    shares, number = request.param != "memory", 2 if "two" in request.param else 1
    async with replicas(number, upstream, clock, redis if shares else None) as there:
        yield there[0], there[-1]


class TestSessions:
    @pytest.mark.parametrize("has_owner", [True, False])
    async def test_a_session_is_found_by_its_owner_or_its_handle(self, both: Both, *, has_owner: bool) -> None:
        one, two = both
        owner = "ada" if has_owner else None
        handle = (await sign_in(one, owner)).handle
        there = await two.session(owner, handle)
        assert (there.handle, there.state, there.email) == (handle, State.SIGNED_IN, ADA["email"])
        assert (await there.grant.request(ACCOUNT)).is_success

    async def test_a_foreign_handle_is_answered_like_an_unknown_one(self, both: Both) -> None:
        one, two = both
        handle = (await sign_in(one, "ada")).handle
        for asked in (handle, "rs_made_up", ""):
            with pytest.raises(UnknownSession):
                await two.find("grace", asked)
        with pytest.raises(UnknownSession):
            await two.find(None, handle)
        assert await two.find("grace") is None

    async def test_a_logout_ends_it_everywhere(self, both: Both) -> None:
        one, two = both
        session = await sign_in(one, "ada")
        held, handle = session.grant, session.handle
        await two.session("ada")
        async with two.store.moving("ada") as there:
            assert (await there.sign_out()).confirmed
        assert await one.find("ada") is None
        for on in both:
            with pytest.raises(UnknownSession):
                await on.find("ada", handle)
            assert not on.store.has_ended("ada")
        with pytest.raises(AccountChanged):
            await held.request(ACCOUNT)

    async def test_a_call_that_began_as_one_account_does_not_go_on_as_another(
        self, both: Both, upstream: FakeUpstream
    ) -> None:
        one, two = both
        began = (await sign_in(one, "ada")).grant
        await two.session("ada")
        assert (await sign_in(two, "ada", GRACE)).email == GRACE["email"]
        await one.store.catch_up("ada")
        asked = len(upstream.requests)
        with pytest.raises(AccountChanged, match=r"grace@example\.org is signed in now"):
            await began.request(ACCOUNT)
        assert len(upstream.requests) == asked

    async def test_a_login_that_fails_leaves_everything_as_it_was(self, both: Both, upstream: FakeUpstream) -> None:
        one, two = both
        handle = (await sign_in(one, "ada")).handle
        upstream.answers["auth/signin/"] = reply(401)
        with pytest.raises(InvalidCredentials):
            await sign_in(two, "ada", GRACE)
        there = await one.session("ada", handle)
        assert (there.email, there.state) == (ADA["email"], State.SIGNED_IN)
        assert await two.find("grace") is None

    async def test_a_refresh_counts_for_all(self, both: Both, upstream: FakeUpstream) -> None:
        one, two = both
        await sign_in(one, "ada")
        await (await two.session("ada")).grant.refresh()
        here = await one.session("ada")
        assert here.grant.credentials.access_token == (await two.session("ada")).grant.credentials.access_token
        assert [request.url.path.rpartition("auth/")[2] for request in upstream.requests].count("custom-refresh/") == 1
        assert (await here.grant.request(ACCOUNT)).is_success

    async def test_a_refused_refresh_counts_for_all(self, both: Both, upstream: FakeUpstream) -> None:
        one, two = both
        await sign_in(one, "ada")
        upstream.answers["auth/custom-refresh/"] = reply(401)
        with pytest.raises(SessionExpired):
            await (await two.session("ada")).grant.refresh()
        here = await one.session("ada")
        assert here.state is State.EXPIRED
        with pytest.raises(SessionExpired):
            await here.grant.request(ACCOUNT)

    async def test_cookies_of_a_usual_answer_count_for_all(self, both: Both, upstream: FakeUpstream) -> None:
        one, two = both
        await sign_in(one, "ada")
        upstream.answers["account/"] = reply(200, json={}, cookies=tokens(7))
        await (await two.session("ada")).grant.request(ACCOUNT)
        here = await one.session("ada")
        assert here.grant.credentials.refresh_token == (await two.session("ada")).grant.credentials.refresh_token
        assert "7" in (here.grant.credentials.refresh_token or "")

    @pytest.mark.parametrize("seconds", [100, 1000])
    async def test_the_end_of_its_life_is_the_same(self, both: Both, clock: FakeClock, seconds: float) -> None:
        """It lives for 100 seconds without a use, and for 1,000 in all."""
        one, two = both
        handle = (await sign_in(one, "ada")).handle
        for _ in range(int(seconds // 100) - 1):
            clock.advance(99)
            with (await two.session("ada", handle)).in_use():
                clock.advance(1)
        clock.advance(100)
        assert await one.find("ada") is None
        assert (
            [on.store.ended_account("ada") for on in both] == [ADA["email"]] * 2 if one is two else [ADA["email"], None]
        )
        assert await two.find("ada") is None
        assert two.store.has_ended("ada")
        assert two.store.ended_account("ada") == ADA["email"]
        await sign_in(two, "ada", GRACE)
        await one.session("ada")
        assert not one.store.has_ended("ada")


class TestPages:
    async def test_a_person_signs_in_wherever_their_requests_come_to(self, both: Both) -> None:
        one, two = both
        async with one.store.moving("ada", create=True) as session:
            page = await one.desk.open(session, email=ADA["email"])
        there = await two.desk.page(page.ticket)
        assert there is not None
        assert (there.url, there.confirm_code, there.for_account) == (page.url, page.confirm_code, ADA["email"])
        async with two.store.moving("ada", session.handle) as moving:
            await moving.sign_in(**ADA, captcha=None, method="browser")
            there.finish()
        await one.store.catch_up("ada")
        assert (page.end, page.ended.is_set(), session.page) == (End.SIGNED_IN, True, None)
        assert (session.state, session.email, session.grant.page_id) == (State.SIGNED_IN, ADA["email"], page.id)
        late = await one.desk.page(page.ticket)
        assert late is not None
        assert (late.end, late.account) == (End.SIGNED_IN, there.account)

    async def test_a_page_that_ended_says_so_everywhere(self, both: Both) -> None:
        one, two = both
        async with one.store.moving("ada", create=True) as session:
            page = await one.desk.open(session)
        there = await two.desk.page(page.ticket)
        assert there is not None
        await there.stop_alone(End.DECLINED)
        late = await one.desk.page(page.ticket)
        assert late is not None
        assert (late.end, page.end) == (End.DECLINED, End.DECLINED)
        assert await one.find("ada") is await two.find("ada") is None
        for on in both:
            last = on.store.last_page("ada")
            assert last is not None
            assert (last.outcome, last.confirm_code) == ("declined", page.confirm_code)

    async def test_a_newer_request_for_a_page_changes_it_everywhere(self, both: Both) -> None:
        one, two = both
        async with one.store.moving("ada", create=True) as session:
            page = await one.desk.open(session)
        await two.session("ada")
        async with two.store.moving("ada") as there:
            again = await two.desk.open(there, form="sign_up", email=GRACE["email"], name="Grace")
        assert again.ticket == page.ticket
        await one.store.catch_up("ada")
        assert (page.form, page.for_account, page.name) == ("sign_up", GRACE["email"], "Grace")

    async def test_no_page_is_found_by_a_made_up_ticket(self, both: Both) -> None:
        assert [await on.desk.page("made-up") for on in both] == [None, None]

    async def test_a_page_is_known_by_its_id_without_an_owner(self, both: Both) -> None:
        one, two = both
        async with one.store.moving(None, create=True) as session:
            page = await one.desk.open(session)
        assert await two.desk.handle_about(page.id) == session.handle
        assert await two.desk.handle_about("made-up") is None
