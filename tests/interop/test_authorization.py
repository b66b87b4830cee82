"""Tokens of a whole authorization server: which of them say who asks."""

import time
from typing import Any

import anyio
import jwt
import pytest
from mcp.server.auth.provider import principal_components
from rememberizer_mcp.server.http.verifier import KEPT_SECONDS

from tests.interop.provider import COMMANDS, Provider, provider
from tests.support.clock import FakeClock
from tests.support.forgeries import FORGERIES, Forge
from tests.support.issuer import RESOURCE
from tests.support.signing import Key
from tests.support.verifying import verdicts, verifying

pytestmark = [pytest.mark.needs(*COMMANDS), pytest.mark.promise("authorization:tokens:identity")]
OPAQUE, OTHER = f"{RESOURCE}/opaque", "http://127.0.0.1:9000/other"


@pytest.fixture(scope="module")
async def right(issuer: Provider) -> Any:
    """What the desktop client got that Ada let in."""
    return await issuer.tokens(resource=RESOURCE)


async def test_a_token_names_its_person_its_client_and_this_server(issuer: Provider, right: Any) -> None:
    async with verifying(issuer.url) as verifier:
        found = await verifier.verify_token(right["access_token"])
    assert found
    assert principal_components(found) == ("desktop", issuer.url, "ada")
    assert (found.resource, found.scopes) == (RESOURCE, ["notes"])
    assert jwt.get_unverified_header(right["access_token"])["typ"] == "at+jwt"


@pytest.mark.promise("authorization:tokens:introspected")
async def test_so_does_a_token_that_only_the_issuer_can_read_until_it_is_revoked(issuer: Provider) -> None:
    now = FakeClock(time.time())
    token = await issuer.token("grace", resource=OPAQUE)
    assert "." not in token
    async with verifying(issuer.url, resource=OPAQUE, now=now) as verifier:
        found = await verifier.verify_token(token)
        assert found
        assert principal_components(found) == ("desktop", issuer.url, "grace")
        await issuer.revoke(token)
        now.advance(KEPT_SECONDS)
        assert await verdicts(verifier, [token]) == [None]


async def test_other_people_and_other_clients_are_other_principals(issuer: Provider, right: Any) -> None:
    others = [await issuer.tokens(*who, resource=RESOURCE) for who in (("grace", "desktop"), ("ada", "phone"))]
    async with verifying(issuer.url) as verifier:
        found = [await verifier.verify_token(each["access_token"]) for each in (right, *others)]
    assert [each and (each.client_id, each.subject) for each in found] == [
        ("desktop", "ada"),
        ("desktop", "grace"),
        ("phone", "ada"),
    ]


@pytest.mark.promise("authorization:tokens:introspected")
async def test_what_else_the_issuer_gives_out_says_nothing(issuer: Provider, right: Any) -> None:
    elsewhere = [await issuer.token(resource=each) for each in (OTHER, OPAQUE)]
    async with verifying(issuer.url) as verifier:
        assert await verdicts(verifier, [right["id_token"], right["refresh_token"], *elsewhere]) == [None] * 4
        assert await verdicts(verifier, [right["access_token"]]) == ["ada"]


async def test_a_token_says_nothing_after_its_end_or_to_another_issuer(issuer: Provider, right: Any) -> None:
    async with verifying(issuer.url, now=FakeClock(time.time() + 601)) as verifier:
        assert await verdicts(verifier, [right["access_token"]]) == [None]
    async with provider(issuer.keys[0]) as another, verifying(another.url) as verifier:
        assert await verdicts(verifier, [right["access_token"]]) == [None]


@pytest.mark.parametrize("forge", [forge for _, forge in FORGERIES.values()], ids=FORGERIES)
async def test_what_the_issuer_would_never_sign_says_nothing(forge: Forge, issuer: Provider, right: Any) -> None:
    claims = jwt.decode(right["access_token"], options={"verify_signature": False})
    key = issuer.keys[-1]
    async with verifying(issuer.url) as verifier:
        assert await verdicts(verifier, [forge(key, claims), key.sign(claims)]) == [None, "ada"]


@pytest.mark.promise("authorization:keys:rotated")
async def test_when_its_keys_rotate_old_and_new_tokens_are_valid_at_once() -> None:
    async with provider(Key()) as rotating, verifying(rotating.url) as verifier:
        old = [await rotating.token(person, resource=RESOURCE) for person in ("ada", "grace")]
        assert await verdicts(verifier, old[:1]) == ["ada"]
        await rotating.sign_with(Key(kid="second", algorithm="RS256"))
        new = await rotating.token("joan", resource=RESOURCE)
        with anyio.fail_after(20):
            assert await verdicts(verifier, [new, *old]) == ["joan", "ada", "grace"]
    assert [jwt.get_unverified_header(each)["kid"] for each in (old[0], new)] == ["first", "second"]
