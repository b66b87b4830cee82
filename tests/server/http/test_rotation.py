"""The issuer's keys rotate, are asked for too often, or can't be had."""

import anyio
import pytest
from rememberizer_mcp.server.api.issuer_requests import RETRY_SECONDS
from rememberizer_mcp.server.api.shared import LAST_SECONDS, SECONDS_BETWEEN_NEWER
from starlette.responses import Response

from tests.support.clock import FakeClock
from tests.support.issuer import JWKS, METADATA, AuthorizationServer, issuing
from tests.support.signing import Key
from tests.support.verifying import is_unknown, verdicts, verifying

ROTATED = pytest.mark.promise("authorization:keys:rotated")
DOWN = pytest.mark.promise("authorization:keys:issuer-down")
STRANGERS = 1000


def go_down(server: AuthorizationServer) -> None:
    for path in (METADATA, JWKS):
        server.answers[path] = lambda _: Response(status_code=503)


@ROTATED
@pytest.mark.parametrize("algorithm", ["ES256", "RS256"])
async def test_old_and_new_tokens_are_valid_at_the_first_one_with_a_new_key(algorithm: str) -> None:
    async with issuing() as server, verifying(server.url) as verifier:
        old, old_too = server.signed(), server.signed(sub="grace")
        assert await verdicts(verifier, [old]) == ["ada"]
        server.keys.insert(0, Key(kid="second", algorithm=algorithm))
        with anyio.fail_after(20):
            assert await verdicts(verifier, [server.signed(), old, old_too]) == ["ada", "ada", "grace"]
    assert server.asked.count(JWKS) == 2


@ROTATED
async def test_a_key_that_the_issuer_took_back_signs_nothing_any_more(clock: FakeClock) -> None:
    async with issuing() as server, verifying(server.url, clock=clock) as verifier:
        old, old_too = server.signed(), server.signed(sub="grace")
        assert await verdicts(verifier, [old]) == ["ada"]
        server.keys[:] = [Key(kid="second")]
        assert await verdicts(verifier, [server.signed(), old_too]) == ["ada", None]


@pytest.mark.promise("authorization:keys:shared")
async def test_a_thousand_strangers_make_the_issuer_asked_twice(clock: FakeClock) -> None:
    async with issuing() as server, verifying(server.url, clock=clock) as verifier:
        claims, stranger = server.claims(), Key()
        tokens = [stranger.sign(claims, kid=f"made-up-{number}") for number in range(STRANGERS)]
        async with anyio.create_task_group() as tasks:
            for token in tokens:
                tasks.start_soon(verifier.verify_token, token)
        assert server.asked.count(JWKS) == 2
        clock.advance(SECONDS_BETWEEN_NEWER)
        assert await verdicts(verifier, tokens[:2]) == [None, None]
        assert server.asked.count(JWKS) == 3


@DOWN
async def test_while_the_issuer_is_down_its_keys_serve_for_an_hour(clock: FakeClock) -> None:
    async with issuing() as server, verifying(server.url, clock=clock) as verifier:
        assert await verdicts(verifier, [server.signed()]) == ["ada"]
        go_down(server)
        clock.advance(LAST_SECONDS - 1)
        assert await verdicts(verifier, [server.signed(sub="grace")]) == ["grace"]
        clock.advance(1)
        await is_unknown(verifier, server.signed(sub="joan"))


@DOWN
async def test_nobody_is_refused_who_could_not_be_checked(clock: FakeClock) -> None:
    async with issuing() as server, verifying(server.url, clock=clock) as verifier:
        go_down(server)
        await is_unknown(verifier, server.signed())
        await is_unknown(verifier, server.opaque())
        server.answers.clear()
        clock.advance(RETRY_SECONDS)
        assert await verdicts(verifier, [server.signed()]) == ["ada"]
        go_down(server)
        server.keys.insert(0, Key(kid="second"))
        await is_unknown(verifier, server.signed())
