"""How long an access token lives where this machine's clock is wrong: its life is counted from its arrival."""

from email.utils import formatdate
from typing import Any

import httpx
import pytest
from rememberizer_mcp.server.api.credentials import ASSUMED_LIFE_SECONDS, Credentials
from rememberizer_mcp.server.api.endpoints import Endpoint, Takes
from rememberizer_mcp.server.logs.redaction import KnownSecrets

from tests.support.clock import FakeClock
from tests.support.sessions import signed_in
from tests.support.upstream import BASE_URL, FakeUpstream, jwt, reply, usual

ACCOUNT = Endpoint("GET", "account/", Takes.ACCOUNT).call()
HOURS = 3600.0
UPSTREAM_TIME = FakeClock()()


def sign_in(claims: Any, *, date: str | None = None) -> httpx.Response:
    headers = {} if date is None else {"Date": date}
    cookies = {"access_token": f"{jwt(claims)}; Path=/", "refresh_token": "refresh-1; Path=/"}
    return reply(cookies=cookies, headers=headers)


def life(answer: httpx.Response, clock: FakeClock) -> float | None:
    """Of the token that arrives now, in seconds."""
    credentials = Credentials(secrets=KnownSecrets(), now=clock)
    answer.request = httpx.Request("POST", BASE_URL)
    credentials.absorb(answer, sent_at_version=None)
    return None if credentials.access_expires_at is None else credentials.access_expires_at - clock()


@pytest.mark.promise("cookies:life:from-arrival")
@pytest.mark.parametrize("fast", [2 * HOURS, 24 * HOURS, HOURS])
async def test_a_clock_that_is_fast_costs_no_refresh_before_each_call(fast: float) -> None:
    answer = sign_in({"exp": UPSTREAM_TIME + HOURS})
    upstream = usual(signin=answer, custom_refresh=answer, account=reply(200, json={}))
    async with signed_in(upstream, FakeClock(UPSTREAM_TIME + fast)) as session:
        for _ in range(3):
            assert await session.grant.is_usable()
            await session.grant.request(ACCOUNT)
    assert upstream.asked("auth/custom-refresh/") == []


@pytest.mark.promise("cookies:life:from-arrival")
async def test_the_assumed_life_ends_and_then_one_refresh_comes_first() -> None:
    answer, clock = sign_in({"exp": UPSTREAM_TIME + HOURS}), FakeClock(UPSTREAM_TIME + 2 * HOURS)
    upstream = usual(signin=answer, custom_refresh=answer, account=reply(200, json={}))
    async with signed_in(upstream, clock) as session:
        clock.advance(ASSUMED_LIFE_SECONDS - 29)
        for _ in range(2):
            await session.grant.request(ACCOUNT)
    assert refreshes(upstream) == 1


def refreshes(upstream: FakeUpstream) -> int:
    return len(upstream.asked("auth/custom-refresh/"))


@pytest.mark.promise("cookies:life:from-arrival")
@pytest.mark.parametrize(
    ("claims", "date", "ahead", "seconds"),
    [
        ({"exp": UPSTREAM_TIME + HOURS}, formatdate(UPSTREAM_TIME, usegmt=True), 2 * HOURS, HOURS),
        ({"exp": UPSTREAM_TIME + HOURS}, formatdate(UPSTREAM_TIME, usegmt=True), -2 * HOURS, HOURS),
        ({"exp": UPSTREAM_TIME + HOURS, "iat": UPSTREAM_TIME - 60}, formatdate(UPSTREAM_TIME), 0, HOURS + 60),
        ({"exp": UPSTREAM_TIME + HOURS, "iat": "junk"}, formatdate(UPSTREAM_TIME), 2 * HOURS, HOURS),
        ({"exp": UPSTREAM_TIME + HOURS}, formatdate(UPSTREAM_TIME + HOURS), 2 * HOURS, ASSUMED_LIFE_SECONDS),
        ({"exp": UPSTREAM_TIME + HOURS}, "yesterday", 2 * HOURS, ASSUMED_LIFE_SECONDS),
        ({"exp": UPSTREAM_TIME + HOURS}, None, HOURS, ASSUMED_LIFE_SECONDS),
        ({"exp": UPSTREAM_TIME + HOURS}, None, HOURS - 20, 20),
        ({"exp": UPSTREAM_TIME + HOURS}, None, -2 * HOURS, 3 * HOURS),
        ({}, formatdate(UPSTREAM_TIME), 2 * HOURS, None),
    ],
)
def test_upstream_s_own_clock_is_taken_where_it_says_the_time(
    claims: Any, date: str | None, ahead: float, seconds: float | None
) -> None:
    assert life(sign_in(claims, date=date), FakeClock(UPSTREAM_TIME + ahead)) == seconds


@pytest.mark.promise("cookies:life:from-arrival")
def test_a_bearer_of_a_grant_is_counted_from_its_arrival_too() -> None:
    credentials = Credentials(secrets=KnownSecrets(), now=FakeClock(UPSTREAM_TIME + 2 * HOURS))
    credentials.take_oauth(jwt({"exp": UPSTREAM_TIME + HOURS}), refresh_token=None, expires_in=None)
    assert credentials.access_expires_at == UPSTREAM_TIME + 2 * HOURS + ASSUMED_LIFE_SECONDS
