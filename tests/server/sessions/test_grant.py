"""What the keyring keeps of a sign-in: always the newest refresh token, and nothing after the sign-out."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from rememberizer_mcp.server.api.oauth import OAuthClient
from rememberizer_mcp.server.errors import SessionExpired
from rememberizer_mcp.server.logs.redaction import KnownSecrets
from rememberizer_mcp.server.sessions.keychain import Keychain
from rememberizer_mcp.server.sessions.meant import Meant
from rememberizer_mcp.server.sessions.session import Session
from rememberizer_mcp.server.sessions.states import State

from tests.support.agent import ADA, GRACE
from tests.support.clock import FakeClock
from tests.support.held_keyring import Held
from tests.support.sessions import environment_on, resync, store_of
from tests.support.upstream import BASE_URL, Answer, FakeUpstream, reply, tokens, usual

pytestmark = pytest.mark.promise("keyring:kept:until-logout")


def keychain(ring: Held) -> Keychain:
    return Keychain(base_url=BASE_URL, secrets=KnownSecrets(), backend=lambda: ring)


@asynccontextmanager
async def kept(upstream: FakeUpstream, clock: FakeClock, ring: Held) -> AsyncIterator[Session]:
    """A session whose sign-in is kept in the ring."""
    async with environment_on(upstream, clock, keychain=keychain(ring)) as environment:
        session = store_of(environment).open("owner")
        await session.sign_in(**ADA, captcha=None)
        await resync()
        yield session


async def token_in(ring: Held, email: str = ADA["email"]) -> str | None:
    found = await keychain(ring).read(email)
    return found.refresh_token if found else None


async def test_the_newest_token_is_kept_after_the_sign_in_and_after_each_refresh(clock: FakeClock) -> None:
    ring = Held()
    async with kept(usual(custom_refresh=reply(cookies=tokens(2))), clock, ring) as session:
        assert await token_in(ring) == "refresh-1"
        await session.grant.refresh()
        assert await token_in(ring) == "refresh-2"


async def test_a_refresh_that_rotates_nothing_writes_nothing(clock: FakeClock) -> None:
    ring = Held()
    async with kept(usual(custom_refresh=reply(cookies={"access_token": "a2; Path=/"})), clock, ring) as session:
        ring.failure = RuntimeError("a write would fail")
        await session.grant.refresh()
        assert await token_in(ring) == "refresh-1"


async def test_a_logout_removes_it_and_says_so(clock: FakeClock) -> None:
    ring = Held()
    async with kept(usual(), clock, ring) as session:
        assert (await session.sign_out()) == (True, True)
        assert not ring.entries


async def test_a_keyring_that_refuses_to_forget_is_told_and_the_sign_out_goes_on(clock: FakeClock) -> None:
    ring, upstream = Held(deletes=False), usual()
    async with kept(upstream, clock, ring) as session:
        assert (await session.sign_out()) == (True, False)
        assert session.state is State.SIGNED_OUT
    assert upstream.paths[-1] == "auth/custom-logout/"


async def test_another_account_takes_the_place_of_the_one_before(clock: FakeClock) -> None:
    ring = Held()
    grace = reply(200, json={"email": GRACE["email"], "email_verified": True})
    ada = reply(200, json={"email": ADA["email"], "email_verified": True})
    upstream = usual(me=[ada, grace], signin=[reply(cookies=tokens(1)), reply(cookies=tokens(2))])
    async with kept(upstream, clock, ring) as session:
        await session.sign_in(**GRACE, captcha=None)
        assert await token_in(ring) is None
        assert await token_in(ring, GRACE["email"]) == "refresh-2"


async def test_a_token_that_another_process_rotated_is_taken_over_before_a_refresh(clock: FakeClock) -> None:
    ring, upstream = Held(), usual(custom_refresh=reply(cookies=tokens(3)))
    async with kept(upstream, clock, ring) as session:
        await keychain(ring).keep(ADA["email"], "refresh-of-the-other")
        await session.grant.refresh()
        assert await token_in(ring) == "refresh-3"
    assert upstream.asked("auth/custom-refresh/")[0].headers["cookie"] == "refresh_token=refresh-of-the-other"


async def test_an_older_token_that_the_keyring_still_has_is_not_taken_over(clock: FakeClock) -> None:
    ring, upstream = Held(), usual(custom_refresh=[reply(cookies=tokens(2)), reply(cookies=tokens(3))])
    async with kept(upstream, clock, ring) as session:
        ring.failure = RuntimeError("the keyring refuses the second token")
        await session.grant.refresh()
        assert await token_in(ring) == "refresh-1"
        ring.failure = None
        await session.grant.refresh()
        assert await token_in(ring) == "refresh-3"
    sent = [request.headers["cookie"] for request in upstream.asked("auth/custom-refresh/")]
    assert sent == ["refresh_token=refresh-1", "refresh_token=refresh-2"]


async def test_a_token_that_is_gone_from_the_keyring_leaves_the_sessions_own(clock: FakeClock) -> None:
    ring, upstream = Held(), usual(custom_refresh=reply(401))
    async with kept(upstream, clock, ring) as session:
        await keychain(ring).forget(ADA["email"])
        with pytest.raises(SessionExpired):
            await session.grant.refresh()
        assert session.state is State.EXPIRED


async def test_an_account_of_unknown_name_is_not_kept(clock: FakeClock) -> None:
    ring = Held()
    async with environment_on(usual(me=reply(500)), clock, keychain=keychain(ring)) as environment:
        session = store_of(environment).open("owner")
        await session.sign_in_with_refresh_token("taken-over", method="refresh_token")
        await session.grant.refresh()
        assert (session.email, session.state) == (None, State.SIGNED_IN)
    assert not ring.entries


def two_accounts() -> FakeUpstream:
    """Ada signs in first, then Grace."""
    emails: list[Answer] = [reply(200, json={"email": each["email"], "email_verified": True}) for each in (ADA, GRACE)]
    signins: list[Answer] = [reply(cookies=tokens(1)), reply(cookies=tokens(5))]
    return usual(me=emails, signin=signins, custom_refresh=reply(cookies=tokens(6)))


not_replaced = pytest.mark.promise("keyring:kept:not-replaced-unasked")


@not_replaced
@pytest.mark.parametrize(
    ("meant", "last"), [(ADA["email"], ADA["email"]), (None, GRACE["email"]), (GRACE["email"].upper(), GRACE["email"])]
)
async def test_a_page_makes_only_the_account_that_was_meant_the_last_one(
    meant: str | None, last: str, clock: FakeClock
) -> None:
    ring = Held()
    async with kept(two_accounts(), clock, ring) as session:
        session.meant = Meant(meant)
        await session.sign_in(**GRACE, captcha=None, method="browser")
        await session.grant.refresh()
        assert await token_in(ring) is None
        assert await token_in(ring, GRACE["email"]) == "refresh-6"
        assert await keychain(ring).last_account() == last


@not_replaced
async def test_an_account_that_was_meant_stays_the_last_one_though_another_came_by_oauth(clock: FakeClock) -> None:
    ring = Held()
    app = OAuthClient(client_id="app", client_secret="canary", redirect_uri="", authorize_url=BASE_URL)
    async with kept(two_accounts(), clock, ring) as session:
        session.meant = Meant(ADA["email"])
        await session.sign_in_with_oauth(app, code="code", verifier="verifier")
        assert session.email == GRACE["email"]
        assert await keychain(ring).last_account() == ADA["email"]


@not_replaced
async def test_an_account_that_is_named_later_becomes_the_last_one(clock: FakeClock) -> None:
    ring = Held()
    async with kept(two_accounts(), clock, ring) as session:
        session.meant = Meant(ADA["email"])
        await session.sign_in(**GRACE, captcha=None, method="browser")
        for named, last in ((None, ADA), (ADA["email"], ADA), (GRACE["email"], GRACE)):
            await session.grant.mean(named)
            assert await keychain(ring).last_account() == last["email"]


@not_replaced
async def test_an_account_that_was_meant_and_is_named_again_is_not_written_again(clock: FakeClock) -> None:
    ring = Held()
    async with kept(usual(), clock, ring) as session:
        ring.entries.clear()
        await session.grant.mean(ADA["email"])
        assert not ring.entries


@not_replaced
async def test_a_login_by_name_makes_its_account_the_last_one_whatever_page_is_open(clock: FakeClock) -> None:
    ring = Held()
    async with kept(two_accounts(), clock, ring) as session:
        session.meant = Meant(ADA["email"])
        await session.sign_in(**GRACE, captcha=None)
        assert await keychain(ring).last_account() == GRACE["email"]


@not_replaced
async def test_a_logout_forgets_a_last_account_of_which_nothing_is_left(clock: FakeClock) -> None:
    ring = Held()
    async with kept(two_accounts(), clock, ring) as session:
        session.meant = Meant(ADA["email"])
        await session.sign_in(**GRACE, captcha=None, method="browser")
        await session.sign_out()
    assert not ring.entries


@not_replaced
async def test_a_renewal_takes_the_last_place_from_nobody_who_signed_in_since(clock: FakeClock) -> None:
    ring = Held()
    async with kept(usual(), clock, ring) as session:
        await keychain(ring).keep(GRACE["email"], "refresh-of-grace")
        await session.grant.refresh()
        assert await token_in(ring) == "refresh-2"
        assert await keychain(ring).last_account() == GRACE["email"]
        await session.sign_out()
        assert await keychain(ring).last_account() == GRACE["email"]


@not_replaced
async def test_a_first_token_that_the_keyring_refused_takes_its_place_with_the_next(clock: FakeClock) -> None:
    ring = Held()
    ring.failure = RuntimeError("not now")
    async with kept(usual(), clock, ring) as session:
        ring.failure = None
        await session.grant.refresh()
        assert await keychain(ring).last_account() == ADA["email"]
