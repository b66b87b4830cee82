"""The ways to sign in without a secret in the arguments, in their order."""

import json
from typing import Any

import pytest
from keyring.errors import KeyringLocked
from pydantic import SecretStr
from rememberizer_mcp.server.errors import RateLimited, SignInFailed, UpstreamUnavailable
from rememberizer_mcp.server.logs.redaction import KnownSecrets
from rememberizer_mcp.server.sessions.keychain import Keychain
from rememberizer_mcp.server.sessions.limiter import MOST_ATTEMPTS
from rememberizer_mcp.server.sessions.meant import Meant
from rememberizer_mcp.server.sessions.states import State

from tests.support.agent import ADA, GRACE
from tests.support.held_keyring import Held
from tests.support.hints import hint
from tests.support.sign_in_ways import case
from tests.support.upstream import BASE_URL, Answer, reply, tokens, usual

pytestmark = pytest.mark.promise("sign-in:ways:first-that-applies")


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
        assert arrival.pending is None or arrival.pending.for_account == (email or settings.get("email"))


@pytest.mark.promise("keyring:kept:until-logout")
async def test_what_was_kept_is_used_and_replaced_by_what_came() -> None:
    ring, upstream = Held(), usual(custom_refresh=reply(cookies=tokens(9)))
    await keep(ring, ADA["email"], "refresh-kept")
    async with case(upstream, ring) as on:
        await on.go()
        assert (on.session.state, on.session.email) == (State.SIGNED_IN, ADA["email"])
    assert upstream.requests[0].headers["cookie"] == "refresh_token=refresh-kept"
    assert "refresh-9" in ring.entries.values()
    assert "refresh-kept" not in ring.entries.values()


@pytest.mark.promise("keyring:kept:until-logout")
async def test_what_was_kept_and_is_refused_is_forgotten_and_the_person_is_asked_by_name() -> None:
    ring = Held()
    await keep(ring, ADA["email"], "refresh-kept")
    for _ in range(2):
        async with case(usual(custom_refresh=reply(401)), ring) as on:
            arrival = await on.go()
            assert arrival.pending
            assert (arrival.meant.account, arrival.pending.for_account) == (ADA["email"], ADA["email"])
        assert list(ring.entries.values()) == [ADA["email"]]


@pytest.mark.promise("keyring:kept:until-logout")
async def test_what_was_kept_stays_when_rememberizer_can_not_be_asked() -> None:
    ring = Held()
    await keep(ring, ADA["email"], "refresh-kept")
    async with case(usual(custom_refresh=reply(503)), ring) as on:
        with pytest.raises(UpstreamUnavailable):
            await on.go()
    assert "refresh-kept" in ring.entries.values()


@pytest.mark.promise("keyring:refused:says-what-to-do")
async def test_a_keyring_that_can_not_be_used_is_a_clear_error() -> None:
    ring = Held()
    ring.failure = KeyringLocked()
    async with case(usual(), ring) as on:
        with pytest.raises(SignInFailed) as raised:
            await on.go()
    assert "REMEMBERIZER_KEEP_SIGNED_IN" in hint(raised.value)


@pytest.mark.promise("sign-in:ways:settings-token-refused", "settings:secrets:never-shown")
async def test_a_refresh_token_of_the_settings_that_is_refused_is_named_and_not_shown() -> None:
    async with case(usual(custom_refresh=reply(400)), None, refresh_token="canary", **ADA) as on:
        with pytest.raises(SignInFailed) as raised:
            await on.go()
        assert on.session.state is State.SIGNED_OUT
    assert "REMEMBERIZER_REFRESH_TOKEN" in raised.value.message
    assert "canary" not in str(raised.value)


@pytest.mark.promise("sign-in:inputs:validated-and-limited")
@pytest.mark.parametrize("settings", [ADA, {"refresh_token": "r"}, {}])
async def test_each_way_counts_as_an_attempt(settings: dict[str, Any]) -> None:
    ring = Held()
    await keep(ring, ADA["email"], "refresh-kept")
    async with case(usual(), ring, **settings) as on:
        for _ in range(MOST_ATTEMPTS):
            await on.ways.attempts.take("owner")
        with pytest.raises(RateLimited):
            await on.go()


async def test_a_captcha_response_that_was_given_goes_before_that_of_the_settings() -> None:
    upstream = usual()
    async with case(upstream, None, captcha="set", **ADA) as on:
        await on.go()
        await on.ways.sign_in(on.session, meant=Meant(None), captcha=SecretStr("given"))
    sent = [json.loads(request.content)["captcha"] for request in upstream.asked("auth/signin/")]
    assert sent == ["set", "given"]


@pytest.mark.parametrize("settings", [ADA, {"refresh_token": "r"}, {}])
@pytest.mark.parametrize("answer", [204, 503])
async def test_each_way_says_whether_the_account_before_was_left(settings: dict[str, Any], answer: int) -> None:
    ring = Held()
    await keep(ring, ADA["email"], "refresh-kept")
    me: list[Answer] = [reply(200, json={"email": each["email"], "email_verified": True}) for each in (GRACE, ADA)]
    async with case(usual(me=me, custom_logout=reply(answer)), ring, **settings) as on:
        await on.session.sign_in(**GRACE, captcha=None)
        assert (await on.go()).previous_signed_out is (answer == 204)


@pytest.mark.parametrize(("by_token", "email"), [(True, GRACE["email"]), (False, ADA["email"])])
async def test_a_token_is_tried_again_by_name_only_for_the_account_that_it_signed_in(
    by_token: bool, email: str
) -> None:
    async with case(usual(), None, refresh_token="r") as on:
        await (on.go() if by_token else on.session.sign_in(**ADA, captcha=None))
        arrival = await on.go(email)
        assert arrival.pending
        assert arrival.pending.for_account == email
