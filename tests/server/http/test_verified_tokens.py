"""How long a verified token counts as one without being checked again, and how many do."""

import time

import pytest
from rememberizer_mcp.server.http.verifier import KEPT_SECONDS

from tests.support.clock import FakeClock
from tests.support.issuer import INTROSPECTION, issuing
from tests.support.verifying import verdicts, verifying

pytestmark = [pytest.mark.promise("authorization:tokens:kept-for-a-minute")]


@pytest.fixture
def now() -> FakeClock:
    """The wall clock, from now on."""
    return FakeClock(time.time())


async def test_a_verified_token_is_not_checked_again_for_a_minute(now: FakeClock) -> None:
    async with issuing() as server, verifying(server.url, now=now) as verifier:
        token = server.opaque()
        assert await verdicts(verifier, [token, token]) == ["ada", "ada"]
        now.advance(KEPT_SECONDS - 1)
        assert await verdicts(verifier, [token]) == ["ada"]
        assert server.asked.count(INTROSPECTION) == 1
        now.advance(1)
        assert await verdicts(verifier, [token]) == ["ada"]
        assert server.asked.count(INTROSPECTION) == 2


async def test_a_revoked_token_is_refused_after_a_minute_at_most(now: FakeClock) -> None:
    async with issuing() as server, verifying(server.url, now=now) as verifier:
        token = server.opaque()
        assert await verdicts(verifier, [token]) == ["ada"]
        server.revoke(token)
        now.advance(KEPT_SECONDS)
        assert await verdicts(verifier, [token]) == [None]


@pytest.mark.parametrize("kind", ["signed", "opaque"])
async def test_a_verified_token_ends_when_it_says(kind: str, now: FakeClock) -> None:
    async with issuing() as server, verifying(server.url, now=now) as verifier:
        token = getattr(server, kind)(exp=int(now()) + 10)
        assert await verdicts(verifier, [token]) == ["ada"]
        now.advance(9)
        assert await verdicts(verifier, [token]) == ["ada"]
        now.advance(1)
        assert await verdicts(verifier, [token]) == [None]


async def test_the_oldest_is_forgotten_where_there_are_too_many(now: FakeClock) -> None:
    async with issuing() as server, verifying(server.url, now=now, most_kept=2) as verifier:
        first, second, third = (server.opaque() for _ in range(3))
        await verdicts(verifier, [first, second, third])
        assert server.asked.count(INTROSPECTION) == 3
        await verdicts(verifier, [third, second])
        assert server.asked.count(INTROSPECTION) == 3
        await verdicts(verifier, [first])
        assert server.asked.count(INTROSPECTION) == 4


async def test_whoever_does_not_come_back_is_forgotten(now: FakeClock) -> None:
    async with issuing() as server, verifying(server.url, now=now) as verifier:
        guests, visitors = ([server.opaque() for _ in range(number)] for number in (20, 10))
        await verdicts(verifier, guests)
        now.advance(KEPT_SECONDS)
        await verdicts(verifier, visitors)
        now.advance(-KEPT_SECONDS)  # at which time whoever is remembered need not be asked about
        await verdicts(verifier, visitors)
        assert server.asked.count(INTROSPECTION) == 30
        await verdicts(verifier, guests)
        assert server.asked.count(INTROSPECTION) == 50
