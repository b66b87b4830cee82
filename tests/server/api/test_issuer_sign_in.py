"""``IssuerSignIn``: where a browser goes to sign in at the issuer, and whose code it brings back."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qs, urlsplit

import anyio
import pytest
from rememberizer_mcp.server.api.issuer import MOST_AT_ONCE, Issuer, TokenRefused
from rememberizer_mcp.server.api.issuer_requests import IssuerClient, IssuerUnavailable
from rememberizer_mcp.server.api.issuer_sign_in import IssuerSignIn
from rememberizer_mcp.server.api.oauth import pkce_challenge
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from tests.support.issuer import INTROSPECTION, OURS, TOKEN, AuthorizationServer, issuing

pytestmark = [pytest.mark.promise("authorization:sign-in:person")]
BACK = "https://mcp.example.org/sign-in/back"


@asynccontextmanager
async def signing_in(server: AuthorizationServer, client: IssuerClient | None = OURS) -> AsyncIterator[IssuerSignIn]:
    issuer = Issuer(server.url, client=client)
    try:
        yield IssuerSignIn(issuer=issuer, redirect_uri=BACK)
    finally:
        await issuer.aclose()


async def is_refused(issuer: Issuer, token: str) -> None:
    with pytest.raises(TokenRefused):
        await issuer.introspect(token)


async def there_and_back(trip: IssuerSignIn, code: str) -> tuple[str, str]:
    assert await trip.address()
    return await trip.person(code)


async def test_the_browser_goes_to_the_issuer_with_no_secret_in_the_address() -> None:
    async with issuing() as server, signing_in(server) as trip:
        address = urlsplit(await trip.address())
    assert f"{address.scheme}://{address.netloc}{address.path}" == f"{server.url}/authorization"
    assert parse_qs(address.query, strict_parsing=True) == {
        "by": ["us"],
        "client_id": ["our:server"],
        "response_type": ["code"],
        "redirect_uri": [BACK],
        "scope": ["openid"],
        "state": [trip.state],
        "nonce": [trip.nonce],
        "code_challenge": [pkce_challenge(trip.verifier)],
        "code_challenge_method": ["S256"],
    }


@pytest.mark.promise("authorization:tokens:never-shown")
async def test_each_trip_has_secrets_of_its_own_which_are_in_no_repr() -> None:
    async with issuing() as server, signing_in(server) as one, signing_in(server) as another:
        secrets = {secret for trip in (one, another) for secret in (trip.state, trip.nonce, trip.verifier)}
        assert len(secrets) == 6
        assert not [secret for secret in secrets if secret in repr(one) or len(secret) < 43]


async def test_tokens_that_the_issuer_is_asked_about_hold_up_no_sign_in() -> None:
    async with issuing() as server, signing_in(server) as trip:
        held, begun = anyio.Event(), anyio.Event()

        async def hold(_: Request) -> Response:
            if server.asked.count(INTROSPECTION) == MOST_AT_ONCE:
                begun.set()
            await held.wait()
            return JSONResponse({"active": False})

        server.answers[INTROSPECTION] = hold
        async with anyio.create_task_group() as tasks:
            for number in range(MOST_AT_ONCE):
                tasks.start_soon(is_refused, trip.issuer, f"made-up-{number}")
            await begun.wait()
            assert await trip.person(server.code(nonce=trip.nonce)) == (server.url, "ada")
            held.set()


async def test_the_code_says_who_signed_in_and_works_once() -> None:
    forms: list[dict[str, Any]] = []
    async with issuing() as server, signing_in(server) as trip:
        code = server.code(nonce=trip.nonce)

        async def note(request: Request) -> Response:
            forms.append(dict(await request.form()))
            return await server.exchange(request)

        server.answers[TOKEN] = note
        assert await trip.person(code) == (server.url, "ada")
        with pytest.raises(TokenRefused):
            await trip.person(code)
    fields = {"grant_type": "authorization_code", "code": code, "redirect_uri": BACK, "code_verifier": trip.verifier}
    assert forms == [fields, fields]


RIGHT: dict[str, dict[str, Any]] = {
    "to us by name": {"azp": OURS.client_id},
    "to us in a list": {"aud": [OURS.client_id]},
    "to us among others": {"aud": [OURS.client_id, "desktop"], "azp": OURS.client_id},
}
WRONG: dict[str, dict[str, Any]] = {
    "of another trip": {"nonce": "another"},
    "of no trip": {"nonce": None},
    "of another issuer": {"iss": "https://id.example.org"},
    "to another client": {"aud": "desktop"},
    "to others, for us": {"aud": ["desktop"], "azp": OURS.client_id},
    "to us, for another": {"azp": "desktop"},
    "to us among others, for nobody": {"aud": [OURS.client_id, "desktop"]},
    "ended": {"exp": 1},
    "without an end": {"exp": None},
    "without any end": {"exp": float("inf")},
    "with an end in quotes": {"exp": "9999999999"},
    "of nobody": {"sub": None},
    "of an empty name": {"sub": ""},
}


@pytest.mark.parametrize("claims", RIGHT.values(), ids=RIGHT)
async def test_what_is_said_to_us_in_other_forms_counts(claims: dict[str, Any]) -> None:
    async with issuing() as server, signing_in(server) as trip:
        assert await trip.person(server.code(**{"nonce": trip.nonce} | claims)) == (server.url, "ada")


@pytest.mark.parametrize("claims", WRONG.values(), ids=WRONG)
async def test_what_is_not_said_to_us_of_this_trip_and_now_is_refused(claims: dict[str, Any]) -> None:
    async with issuing() as server, signing_in(server) as trip:
        with pytest.raises(TokenRefused, match="ID token"):
            await trip.person(server.code(**{"nonce": trip.nonce} | claims))


async def test_an_access_token_is_no_id_token() -> None:
    async with issuing() as server, signing_in(server) as trip:
        claims = server.claims(aud=OURS.client_id, nonce=trip.nonce)
        server.answers[TOKEN] = lambda _: JSONResponse({"id_token": server.keys[0].sign(claims, typ="at+jwt")})
        with pytest.raises(TokenRefused, match="type"):
            await trip.person("code")


async def test_without_a_client_of_ours_there_is_no_sign_in() -> None:
    async with issuing() as server, signing_in(server, client=None) as trip:
        with pytest.raises(IssuerUnavailable):
            await trip.address()
        with pytest.raises(TokenRefused):
            await trip.person("code")


@pytest.mark.parametrize("member", ["authorization_endpoint", "token_endpoint"])
async def test_neither_is_there_one_at_an_issuer_that_has_no_place_for_it(member: str) -> None:
    async with issuing() as server, signing_in(server) as trip:
        server.metadata = {member: None}
        with pytest.raises((IssuerUnavailable, TokenRefused)):
            await there_and_back(trip, server.code(nonce=trip.nonce))


@pytest.mark.parametrize("body", [{}, {"id_token": 7}, []], ids=str)
async def test_an_answer_without_an_id_token_says_nothing(body: Any) -> None:
    async with issuing() as server, signing_in(server) as trip:
        server.answers[TOKEN] = lambda _: JSONResponse(body)
        with pytest.raises(IssuerUnavailable):
            await trip.person("code")
