"""``Issuer``: where its metadata are found, which of its keys are used, and what is not believed."""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import anyio
import pytest
from rememberizer_mcp.server.api.issuer import ALGORITHMS, Issuer
from rememberizer_mcp.server.api.issuer_requests import (
    LONGEST_SECONDS,
    MOST_BYTES,
    SECONDS_BETWEEN_WARNINGS,
    IssuerUnavailable,
)
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response

from tests.support.clock import FakeClock, leap
from tests.support.issuer import CONFIGURATION, JWKS, METADATA, OURS, AuthorizationServer, issuing
from tests.support.ports import free_port
from tests.support.signing import Key

ITSELF = pytest.mark.promise("authorization:keys:issuer-itself")


@asynccontextmanager
async def asking(server: AuthorizationServer, clock: Callable[[], float] | None = None) -> AsyncIterator[Issuer]:
    """Our side of it, for the whole of the body."""
    issuer = Issuer(server.url, client=OURS, clock=clock or FakeClock())
    try:
        yield issuer
    finally:
        await issuer.aclose()


async def fails(issuer: Issuer) -> None:
    """Its keys can't be had."""
    with pytest.raises(IssuerUnavailable):
        await issuer.key("first", "ES256")


@ITSELF
@pytest.mark.parametrize("path", ["", "/realms/house", "/slash/"])
async def test_the_metadata_are_found_by_rfc_8414(path: str) -> None:
    async with issuing(path) as server, asking(server) as issuer:
        server.answers[METADATA + path.rstrip("/")] = server.describe
        assert await issuer.key("first", "ES256")
    assert server.asked == [METADATA + path.rstrip("/"), path + JWKS]


@ITSELF
@pytest.mark.parametrize("status", [200, 404, 500])
@pytest.mark.parametrize("path", ["", "/realms/house"])
async def test_else_they_are_found_by_openid_connect_discovery(path: str, status: int) -> None:
    async with issuing(path) as server, asking(server) as issuer:
        server.answers[path + CONFIGURATION] = server.describe
        server.answers[METADATA + path] = lambda _: PlainTextResponse("not here", status)
        assert await issuer.key("first", "ES256")
    assert server.asked[:2] == [METADATA + path, path + CONFIGURATION]


@ITSELF
@pytest.mark.parametrize("changed", ["{}/", "{}#", " {}", "https://id.example.org", "", None])
async def test_an_issuer_that_names_itself_otherwise_by_a_letter_is_not_believed(changed: str | None) -> None:
    async with issuing() as server, asking(server) as issuer:
        server.metadata = {"issuer": changed and changed.format(server.url)}
        await fails(issuer)
    assert server.asked == [METADATA, CONFIGURATION]


@ITSELF
@pytest.mark.parametrize(
    "url", ["http://id.example.org", "ftp://127.0.0.1", "id.example.org", "https://", "http://[::"]
)
def test_plain_http_to_another_machine_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"must begin with https://|IPv6"):
        Issuer(url)


@ITSELF
@pytest.mark.parametrize("member", ["jwks_uri", "introspection_endpoint"])
async def test_so_is_an_issuer_that_names_such_an_address(member: str) -> None:
    async with issuing() as server, asking(server) as issuer:
        server.metadata = {member: "http://id.example.org/keys"}
        await fails(issuer)
    assert JWKS not in server.asked


def redirected(_: Request) -> Response:
    return RedirectResponse("/elsewhere")


BAD_ANSWERS: dict[str, Callable[[Request], Response]] = {
    "no JSON": lambda _: PlainTextResponse("<html>"),
    "no object": lambda _: JSONResponse([]),
    "refused": lambda _: JSONResponse({"keys": []}, 403),
    "broken": lambda _: JSONResponse({}, 500),
    "elsewhere": redirected,
    "packed": lambda _: Response(b"{}", headers={"Content-Encoding": "br"}),
    "no keys": lambda _: JSONResponse({"keys": []}),
    "no list": lambda _: JSONResponse({"keys": {}}),
    "too large": lambda _: PlainTextResponse(json.dumps({"keys": [Key().public_jwk]}).ljust(MOST_BYTES + 1)),
}


@ITSELF
@pytest.mark.parametrize("bad", BAD_ANSWERS)
async def test_an_answer_without_usable_keys_makes_the_issuer_unavailable(bad: str) -> None:
    async with issuing() as server, asking(server) as issuer:
        server.answers[JWKS] = BAD_ANSWERS[bad]
        await fails(issuer)
    assert server.asked == [METADATA, JWKS]


@ITSELF
@pytest.mark.parametrize("path", [METADATA, JWKS])
async def test_an_issuer_that_says_nothing_is_given_up(path: str) -> None:
    ended = anyio.Event()

    async def say_nothing(_: Request) -> Response:
        leap(LONGEST_SECONDS)
        await ended.wait()
        return Response()

    async with issuing() as server, asking(server) as issuer:
        server.answers[path] = say_nothing
        await fails(issuer)
        ended.set()


@ITSELF
async def test_so_is_one_that_nobody_can_reach() -> None:
    server = AuthorizationServer()
    server.url = f"http://127.0.0.1:{free_port()}"
    async with asking(server) as issuer:
        await fails(issuer)


@pytest.mark.promise("authorization:tokens:identity")
async def test_a_key_is_used_for_the_algorithm_that_it_names_or_for_each_that_fits_it() -> None:
    unnamed = {"alg": None, "use": None}
    keys = [
        Key(kid="rsa", algorithm="RS256", more=unnamed),
        Key(kid="curve", more=unnamed),
        Key(kid="edwards", algorithm="EdDSA", more=unnamed),
        Key(kid="pss", algorithm="PS256"),
        Key(kid=None),
    ]
    async with issuing(keys=keys) as server, asking(server) as issuer:
        found = {(kid, name) for kid in [key.kid for key in keys] for name in ALGORITHMS if await issuer.key(kid, name)}
    fitting = [("rsa", "RS256"), ("rsa", "PS256"), ("curve", "ES256"), ("edwards", "EdDSA"), ("pss", "PS256")]
    assert found == {*fitting, (None, "ES256")}


@ITSELF
@pytest.mark.parametrize(
    "other",
    [
        {"kty": "oct", "k": "c2VjcmV0", "kid": "other", "alg": "HS256"},
        {"kty": "oct", "k": "c2VjcmV0", "kid": "other"},
        {"kty": "EC", "crv": "P-256", "kid": "other"},
        {"kty": "RSA", "n": 7, "e": [], "kid": "other"},
        Key(kid="other", more={"use": "enc"}).public_jwk,
        Key(kid="other", more={"alg": "ES512"}).public_jwk,
        Key(more={"kid": ["other"]}).public_jwk,
        {},
    ],
)
async def test_a_key_that_cant_sign_tokens_is_left_out(other: dict[str, Any]) -> None:
    async with issuing() as server, asking(server) as issuer:
        server.answers[JWKS] = lambda _: JSONResponse({"keys": [other, *(key.public_jwk for key in server.keys)]})
        assert await issuer.key("first", "ES256")
        assert not [name for name in ALGORITHMS if await issuer.key("other", name)]


@pytest.mark.promise("authorization:keys:issuer-down")
async def test_the_log_says_once_in_half_a_minute_why_the_issuer_cant_be_asked(
    clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    async with issuing() as server, asking(server, clock) as issuer:
        server.answers[JWKS] = lambda _: JSONResponse({}, 503)
        for _ in range(2):
            await fails(issuer)
            clock.advance(SECONDS_BETWEEN_WARNINGS / 2)
        await fails(issuer)
    reason = "the authorization server could not be asked: it answered with 503 when asked for its keys"
    assert [record.getMessage() for record in caplog.records] == [reason, reason]


@pytest.mark.promise("authorization:tokens:never-shown")
def test_the_secret_of_our_client_is_in_no_repr() -> None:
    assert "canary" not in repr(OURS) + repr(Issuer("https://id.example.org", client=OURS).__dict__)
