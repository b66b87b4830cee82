"""How long an access token lives: where its life is read, and that it is counted from the arrival."""

from email.utils import formatdate
from typing import Any

import httpx
import pytest
from rememberizer_mcp.server.api.credentials import ASSUMED_LIFE_SECONDS

from tests.support.clock import FakeClock
from tests.support.credentials import held, nobody
from tests.support.sessions import ACCOUNT, signed_in
from tests.support.upstream import BASE_URL, FakeUpstream, jwt, reply, usual

HOURS = 3600.0
UPSTREAM_TIME = FakeClock()()


def sign_in(claims: Any, *, date: str | None = None) -> httpx.Response:
    headers = {} if date is None else {"Date": date}
    cookies = {"access_token": f"{jwt(claims)}; Path=/", "refresh_token": "refresh-1; Path=/"}
    return reply(cookies=cookies, headers=headers)


def life(answer: httpx.Response, clock: FakeClock) -> float | None:
    """Of the token that arrives now, in seconds."""
    credentials = nobody(clock=clock)
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
    credentials = nobody(clock=FakeClock(UPSTREAM_TIME + 2 * HOURS))
    credentials.take_oauth(jwt({"exp": UPSTREAM_TIME + HOURS}), refresh_token=None, expires_in=None)
    assert credentials.access_expires_at == UPSTREAM_TIME + 2 * HOURS + ASSUMED_LIFE_SECONDS


@pytest.mark.parametrize(
    ("claims", "attributes", "seconds"),
    [
        ({"iat": 1_000, "exp": 1_300}, "", 300),
        ({"iat": 1_000, "exp": 1_300}, "; Max-Age=60", 300),
        ({"exp": FakeClock().time + 120}, "", 120),
        ({"exp": FakeClock().time + 120, "iat": "junk"}, "", 120),
        ({"exp": 1_000, "iat": 1_300}, "", 300),
        ({"exp": "soon"}, "; Max-Age=60", 60),
        ({"exp": True}, "", None),
        ({"exp": -5}, "; Max-Age=60", 60),
        ({"exp": 10**400}, "; Max-Age=60", 60),
        ({"exp": float("nan")}, "", None),
        ({"exp": float("inf")}, "", None),
        ({}, "; Max-Age=900", 900),
        ({}, "", None),
        ([1], "; Max-Age=900", 900),
        (None, "", None),
    ],
)
def test_a_life_is_read_from_the_claims_or_else_from_max_age(
    clock: FakeClock, claims: Any, attributes: str, seconds: float | None
) -> None:
    expires_at = held(f"access_token={jwt(claims)}; Path=/{attributes}", clock=clock).access_expires_at
    assert (None if expires_at is None else expires_at - clock.time) == pytest.approx(seconds, abs=2)


@pytest.mark.parametrize("token", ["opaque", "a.b.c", "!.?.-", "x.e30.", "x.bnVsbA.", "x.%00.y"])
def test_a_token_that_says_nothing_lives_as_long_as_its_cookie(clock: FakeClock, token: str) -> None:
    assert held(f"access_token={token}; Path=/", clock=clock).access_expires_at is None
    expires_at = held(f"access_token={token}; Path=/; Max-Age=60", clock=clock).access_expires_at
    assert expires_at == pytest.approx(clock.time + 60, abs=2)


def test_a_token_of_the_json_does_not_live_by_a_cookie() -> None:
    assert held("access_token=a-1; Path=/; Max-Age=60", json={"access": "opaque"}).access_expires_at is None


@pytest.mark.parametrize("digits", [12, 15, 40, 300, 5_000])
def test_an_absurd_max_age_is_no_time_and_loses_no_cookie(digits: int) -> None:
    credentials = held(f"access_token=a-1; Path=/; Max-Age={'9' * digits}", "refresh_token=r-1; Path=/")
    assert credentials.refresh_token == "r-1"
    assert credentials.access_expires_at is None
