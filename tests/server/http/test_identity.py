"""Who a token says is asking: the matrix of tokens that are right, and of all that are not."""

import logging
import time
from collections.abc import Mapping
from typing import Any

import pytest
from mcp.server.auth.provider import AccessToken, principal_components
from rememberizer_mcp.server.http import verifier
from rememberizer_mcp.server.http.verifier import LONGEST_TOKEN, SKEW_SECONDS

from tests.support.forgeries import FORGERIES, Forge
from tests.support.issuer import RESOURCE, AuthorizationServer, issuing
from tests.support.signing import Key
from tests.support.verifying import verifying

pytestmark = [pytest.mark.promise("authorization:tokens:identity")]
ALGORITHMS = ("RS256", "PS256", "ES256", "EdDSA")


async def verified(server: AuthorizationServer, token: str) -> AccessToken | None:
    """What a verifier that knows nothing yet makes of a token."""
    async with verifying(server.url) as ours:
        return await ours.verify_token(token)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
async def test_a_right_token_names_its_principal_and_this_server(algorithm: str) -> None:
    async with issuing("/realm", keys=[Key(algorithm=algorithm)]) as server:
        token = server.signed(scope="notes more")
        found = await verified(server, token)
        assert found
        assert token not in repr(found)
        assert principal_components(found) == ("desktop", server.url, "ada")
    assert (found.resource, found.scopes) == (RESOURCE, ["notes", "more"])
    assert found.expires_at == pytest.approx(time.time() + 600, abs=60)


def reasons(log: pytest.LogCaptureFixture) -> list[str]:
    """What the operator reads of the tokens that were refused."""
    ours = [record.getMessage() for record in log.records if record.name == verifier.__name__]
    return [line.removeprefix("a bearer token was refused: ") for line in ours]


RIGHT: Mapping[str, Mapping[str, Any]] = {
    "for several servers": {"aud": ["https://other.example.org", RESOURCE]},
    "whose client Keycloak names": {"client_id": None, "azp": "desktop"},
    "valid since now, by a clock that is ahead": {"nbf": time.time() + SKEW_SECONDS / 2},
    "with an end in parts of a second": {"exp": time.time() + 86_400.5},
    "with scopes in another form": {"scope": ["notes"]},
    "of the greatest length of a subject": {"sub": "a" * 1000},
}


@pytest.mark.parametrize("claims", RIGHT.values(), ids=RIGHT)
async def test_so_does_one_in_other_forms_that_are_allowed(claims: Mapping[str, Any]) -> None:
    async with issuing() as server:
        found = await verified(server, server.signed(**claims))
    assert found
    assert found.client_id == "desktop"


@pytest.mark.parametrize("typ", ["JWT", "jwt", "at+jwt", "AT+JWT", "application/at+jwt", None])
async def test_so_does_one_of_each_type_that_an_access_token_may_have(typ: str | None) -> None:
    async with issuing() as server:
        assert await verified(server, server.keys[0].sign(server.claims(), typ=typ))


@pytest.mark.parametrize("claims", [{"sub": "grace"}, {"client_id": "phone"}])
async def test_another_subject_and_another_client_are_other_principals(claims: Mapping[str, str]) -> None:
    async with issuing() as server, verifying(server.url) as ours:
        ada, other = [await ours.verify_token(server.signed(**each)) for each in ({}, claims)]
    assert ada
    assert other
    assert principal_components(ada) != principal_components(other)


@pytest.mark.parametrize(("wrong", "forge"), FORGERIES.values(), ids=FORGERIES)
async def test_a_token_with_one_thing_wrong_says_nothing(
    wrong: str, forge: Forge, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger=verifier.__name__)
    async with issuing() as server:
        claims = server.claims()
        token = forge(server.keys[0], claims)
        async with verifying(server.url) as ours:
            assert await ours.verify_token(token) is None
            assert await ours.verify_token(server.keys[0].sign(claims))
    assert reasons(caplog) == [wrong]
    assert token not in caplog.text


@pytest.mark.parametrize("bits", [1024, 2047])
async def test_a_key_that_is_too_short_signs_nothing(bits: int) -> None:
    async with issuing(keys=[Key(algorithm="RS256", bits=bits)]) as server:
        with pytest.warns(match="RSA key"):
            token = server.signed()
        assert await verified(server, token) is None


@pytest.mark.parametrize(
    "text",
    ["", "a token", "…", "a\nb", '"quoted"', "a" * (LONGEST_TOKEN + 1), "=", "canary-made-up"],
    ids=["empty", "of words", "of signs", "of lines", "in quotes", "endless", "of nothing", "made up"],
)
async def test_a_text_that_is_no_token_says_nothing(text: str) -> None:
    async with issuing() as server:
        assert await verified(server, text) is None


@pytest.mark.parametrize("text", ["", "a token", "…", "a" * (LONGEST_TOKEN + 1)], ids=["", "words", "signs", "endless"])
async def test_the_issuer_is_not_asked_about_it(text: str) -> None:
    async with issuing() as server:
        await verified(server, text)
    assert server.asked == []


@pytest.mark.promise("authorization:tokens:never-shown")
async def test_the_operator_reads_what_was_wrong_and_no_value(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger=verifier.__name__)
    wrong = {"aud": "canary-audience", "iss": "canary-issuer"}
    async with issuing() as server:
        for claims in (wrong, {"sub": None, "exp": "canary-end", "client_id": None}, {"aud": ["canary", 7]}):
            assert await verified(server, server.signed(**claims)) is None
        assert await verified(server, "canary-opaque") is None
    assert reasons(caplog) == ["iss and aud", "client_id and exp and sub", "aud", "introspection"]
    assert "canary" not in caplog.text
