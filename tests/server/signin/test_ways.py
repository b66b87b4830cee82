"""The ways to sign in without a secret in the arguments, in their order."""

from typing import Any

import pytest
from keyring.errors import KeyringLocked
from rememberizer_mcp.server.errors import RateLimited, SignInFailed, UpstreamUnavailable
from rememberizer_mcp.server.logs.redaction import KnownSecrets
from rememberizer_mcp.server.sessions.keychain import Keychain
from rememberizer_mcp.server.sessions.limiter import MOST_ATTEMPTS
from rememberizer_mcp.server.sessions.states import State

from tests.support.agent import ADA, GRACE
from tests.support.held_keyring import Held
from tests.support.sign_in_ways import case
from tests.support.upstream import BASE_URL, reply, tokens, usual

pytestmark = pytest.mark.promise("D70")


async def keep(ring: Held, email: str, token: str) -> None:
    await Keychain(base_url=BASE_URL, secrets=KnownSecrets(), backend=lambda: ring).keep(email, token)


@pytest.mark.parametrize(
    ("settings", "kept", "email", "method"),
    [
        ({"refresh_token": "r", **ADA}, ADA["email"], None, "refresh_token"),
        ({"refresh_token": "r", **ADA}, None, ADA["email"], "refresh_token"),
        ({"refresh_token": "r"}, None, None, "refresh_token"),
        (ADA, ADA["email"], None, "password"),
        (ADA, None, ADA["email"].upper(), "password"),
        ({}, ADA["email"], None, "refresh_token"),
        ({"email": ADA["email"]}, ADA["email"], None, "refresh_token"),
        ({}, None, None, None),
        ({"refresh_token": "r", **ADA}, None, GRACE["email"], None),
        ({"refresh_token": "r"}, None, GRACE["email"], None),
        (ADA, ADA["email"], GRACE["email"], None),
        ({"email": ADA["email"]}, GRACE["email"], None, None),
    ],
)
async def test_the_first_way_that_applies_is_taken(
    settings: dict[str, Any], kept: str | None, email: str | None, method: str | None
) -> None:
    ring = Held()
    if kept:
        await keep(ring, kept, "refresh-kept")
    async with case(usual(), ring, **settings) as on:
        arrival = await on.go(email)
        assert (arrival.pending is None, on.session.grant.method) == (method is not None, method)
        assert on.session.page is arrival.pending
        assert arrival.pending is None or arrival.pending.meant == (email or settings.get("email"))


@pytest.mark.promise("D72")
async def test_what_was_kept_is_used_and_replaced_by_what_came() -> None:
    ring, upstream = Held(), usual(custom_refresh=reply(cookies=tokens(9)))
    await keep(ring, ADA["email"], "refresh-kept")
    async with case(upstream, ring) as on:
        await on.go()
        assert (on.session.state, on.session.email) == (State.SIGNED_IN, ADA["email"])
    assert upstream.requests[0].headers["cookie"] == "refresh_token=refresh-kept"
    assert "refresh-9" in ring.entries.values()
    assert "refresh-kept" not in ring.entries.values()


@pytest.mark.promise("D72")
async def test_what_was_kept_and_is_refused_is_forgotten_and_the_person_is_asked_by_name() -> None:
    ring = Held()
    await keep(ring, ADA["email"], "refresh-kept")
    for _ in range(2):
        async with case(usual(custom_refresh=reply(401)), ring) as on:
            arrival = await on.go()
            assert arrival.pending
            assert (arrival.meant.account, arrival.pending.meant) == (ADA["email"], ADA["email"])
        assert list(ring.entries.values()) == [ADA["email"]]


@pytest.mark.promise("D72")
async def test_what_was_kept_stays_when_rememberizer_can_not_be_asked() -> None:
    ring = Held()
    await keep(ring, ADA["email"], "refresh-kept")
    async with case(usual(custom_refresh=reply(503)), ring) as on:
        with pytest.raises(UpstreamUnavailable):
            await on.go()
    assert "refresh-kept" in ring.entries.values()


@pytest.mark.promise("D66")
async def test_a_keyring_that_can_not_be_used_is_a_clear_error() -> None:
    ring = Held()
    ring.failure = KeyringLocked()
    async with case(usual(), ring) as on:
        with pytest.raises(SignInFailed) as raised:
            await on.go()
    assert "REMEMBERIZER_KEEP_SIGNED_IN" in raised.value.hint


@pytest.mark.promise("D71", "S44")
async def test_a_refresh_token_of_the_settings_that_is_refused_is_named_and_not_shown() -> None:
    async with case(usual(custom_refresh=reply(400)), None, refresh_token="canary", **ADA) as on:
        with pytest.raises(SignInFailed) as raised:
            await on.go()
        assert on.session.state is State.SIGNED_OUT
    assert "REMEMBERIZER_REFRESH_TOKEN" in raised.value.message
    assert "canary" not in str(raised.value)


@pytest.mark.promise("S26")
@pytest.mark.parametrize("settings", [ADA, {"refresh_token": "r"}, {}])
async def test_each_way_counts_as_an_attempt(settings: dict[str, Any]) -> None:
    ring = Held()
    await keep(ring, ADA["email"], "refresh-kept")
    async with case(usual(), ring, **settings) as on:
        for _ in range(MOST_ATTEMPTS):
            on.ways.attempts.take("owner")
        with pytest.raises(RateLimited):
            await on.go()
