"""The OAuth calls: what is sent, which answers are taken, and what each refusal becomes."""

from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from rememberizer_mcp.server.api import oauth
from rememberizer_mcp.server.api.client import RememberizerAPI
from rememberizer_mcp.server.api.credentials import Credentials
from rememberizer_mcp.server.api.oauth import OAuthClient
from rememberizer_mcp.server.errors import (
    NotSignedIn,
    RateLimited,
    RememberizerError,
    SessionExpired,
    SignInFailed,
    UpstreamProtocolError,
    UpstreamUnavailable,
    UpstreamUnreachable,
)

from tests.support.clock import FakeClock
from tests.support.credentials import nobody
from tests.support.hints import hint
from tests.support.rest import client
from tests.support.upstream import Answer, grant, jwt, reply, tokens, usual

Made = Callable[[RememberizerAPI, Credentials], Awaitable[None]]
APP = OAuthClient(
    client_id="b1f1a7c8-7a67-4d3c-9d3b-0f1a7c87a674",
    client_secret="canary-client-secret",
    redirect_uri="http://127.0.0.1:7001/oauth/callback",
    authorize_url="https://api.rememberizer.ai/api/v1/auth/oauth2/authorize/",
)
FORM = {
    "client_id": APP.client_id,
    "client_secret": APP.client_secret,
    "redirect_uri": APP.redirect_uri,
}
JSON_ERRORS: list[tuple[int, Any]] = [
    *((status, {"error": "invalid_grant"}) for status in (200, 400, 401, 403, 404, 409, 422)),
    (200, {"error": {"code": "invalid_grant"}}),
    (200, {"data": {"error": "invalid_grant"}, "message": "no", "code": "x"}),
    (200, {"data": {"access_token": "t-1"}, "error": "invalid_grant"}),
    (200, {"access_token": "t-1", "error": "invalid_grant"}),
    (400, {"detail": "canary"}),
    (400, None),
    (403, ["canary"]),
]


def ada() -> Credentials:
    """Credentials as an exchange leaves them."""
    credentials = nobody()
    credentials.take_oauth("oauth-access-1", refresh_token="oauth-refresh-1", expires_in=None)
    return credentials


async def exchange(api: RememberizerAPI, who: Credentials) -> None:
    await oauth.exchange(api, who, APP, code="canary-code", verifier="canary-verifier")


async def renew(api: RememberizerAPI, who: Credentials) -> None:
    await oauth.renew(api, who, APP)


def form_of(request: httpx.Request) -> dict[str, str]:
    assert request.headers["Content-Type"] == "application/x-www-form-urlencoded"
    return {name: value for name, [value] in parse_qs(request.content.decode(), strict_parsing=True).items()}


def shown(request: httpx.Request) -> set[str]:
    return {"authorization", "cookie"} & set(request.headers)


@pytest.mark.promise("sessions:oauth:documented-calls")
def test_the_authorization_url_carries_the_documented_query_and_no_secret() -> None:
    url = urlsplit(oauth.authorization_url(APP, state="st&te", challenge="chall"))
    assert url._replace(query="").geturl() == APP.authorize_url
    assert parse_qs(url.query, strict_parsing=True) == {
        "client_id": [APP.client_id],
        "response_type": ["code"],
        "redirect_uri": [APP.redirect_uri],
        "state": ["st&te"],
        "scope": ["offline_access"],
        "code_challenge": ["chall"],
        "code_challenge_method": ["S256"],
    }
    assert APP.client_secret not in url.geturl()
    assert APP.client_secret not in repr(APP)


@pytest.mark.promise("sessions:oauth:documented-calls")
def test_the_challenge_is_the_example_of_rfc_7636() -> None:
    verifier, challenge = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
    assert oauth.pkce_challenge(verifier) == challenge


@pytest.mark.promise("sessions:oauth:documented-calls")
async def test_an_exchange_sends_the_documented_form_and_shows_nobody() -> None:
    upstream, who = usual(), ada()
    await exchange(client(upstream), who)
    [request] = upstream.requests
    assert (request.method, upstream.paths) == ("POST", ["auth/oauth2/token/"])
    assert shown(request) == set()
    assert form_of(request) == FORM | {
        "grant_type": "authorization_code",
        "code": "canary-code",
        "code_verifier": "canary-verifier",
    }


@pytest.mark.promise("sessions:oauth:documented-calls", "sessions:oauth:own-refresh")
async def test_a_renewal_sends_the_oauth_refresh_token_in_the_form_alone() -> None:
    upstream = usual()
    await renew(client(upstream), ada())
    [request] = upstream.requests
    assert (request.method, upstream.paths) == ("POST", ["auth/oauth2/token/"])
    assert shown(request) == set()
    assert form_of(request) == FORM | {"grant_type": "refresh_token", "refresh_token": "oauth-refresh-1"}


@pytest.mark.promise("sessions:oauth:documented-calls")
@pytest.mark.parametrize("status", [200, 201])
@pytest.mark.parametrize(
    ("fields", "refresh"),
    [
        (grant(), "oauth-refresh-1"),
        (grant(token_type="Bearer", expires_in=3600, scope="offline_access"), "oauth-refresh-1"),
        (grant(token_type="bearer", error=None), "oauth-refresh-1"),
        (grant(token_type=None, error=""), "oauth-refresh-1"),
        ({"data": grant(), "message": "", "code": None}, "oauth-refresh-1"),
        ({"access_token": "oauth-access-1"}, None),
        (grant(refresh_token=None), None),
        (grant(refresh_token=""), None),
    ],
)
async def test_an_exchange_takes_every_form_of_the_answer(status: int, fields: Any, refresh: str | None) -> None:
    who = nobody()
    answer = reply(status, json=fields, cookies=tokens(9))
    await exchange(client(usual(token=answer)), who)
    assert (who.access_token, who.oauth_refresh_token) == ("oauth-access-1", refresh)
    assert (who.refresh_token, who.can_renew, who.version) == (None, refresh is not None, 1)


@pytest.mark.promise("sessions:oauth:documented-calls")
@pytest.mark.parametrize(
    ("expires_in", "life"),
    [
        (3600, 3600),
        (3600.5, 3600.5),
        ("7200", 7200),
        (0, 60),
        (-5, 60),
        (10**400, 60),
        ("soon", 60),
        ("nan", 60),
        (True, 60),
        ([], 60),
        (None, 60),
    ],
)
async def test_the_life_is_that_of_expires_in_or_else_of_the_token(expires_in: Any, life: float) -> None:
    clock, who = FakeClock(), nobody()
    token = jwt({"exp": clock.time + 60})
    answer = reply(200, json={"access_token": token, "expires_in": expires_in})
    await exchange(client(usual(token=answer)), who)
    assert who.access_expires_at == clock.time + life


async def test_an_opaque_token_of_unknown_life_has_none() -> None:
    who = nobody()
    await exchange(client(usual()), who)
    assert who.access_expires_at is None


@pytest.mark.promise("sessions:oauth:documented-calls")
@pytest.mark.parametrize(
    ("fields", "access", "refresh"),
    [
        (grant(2), "oauth-access-2", "oauth-refresh-2"),
        ({"access_token": "oauth-access-2"}, "oauth-access-2", "oauth-refresh-1"),
        (grant(2, refresh_token=None), "oauth-access-2", "oauth-refresh-1"),
        (grant(2, refresh_token=""), "oauth-access-2", "oauth-refresh-1"),
    ],
)
async def test_a_renewal_without_a_new_refresh_token_keeps_the_old_one(fields: Any, access: str, refresh: str) -> None:
    who = ada()
    await renew(client(usual(token=reply(200, json=fields))), who)
    assert (who.access_token, who.oauth_refresh_token, who.version) == (access, refresh, 2)


@pytest.mark.promise("upstream:answers:codes", "sessions:oauth:documented-calls")
@pytest.mark.parametrize(("status", "body"), JSON_ERRORS)
async def test_a_refused_code_is_a_failed_sign_in(status: int, body: Any) -> None:
    who = nobody()
    with pytest.raises(SignInFailed, match="refused the authorization code") as raised:
        await exchange(client(usual(token=reply(status, json=body))), who)
    assert raised.value.status == status
    assert "canary" not in str(raised.value)
    assert not who.has_any


@pytest.mark.promise("upstream:answers:codes", "sessions:oauth:documented-calls")
@pytest.mark.parametrize(
    ("status", "body"),
    [*((status, {"error": "invalid_client"}) for status in (200, 400, 401)), (401, {"detail": "canary"}), (401, None)],
)
async def test_a_refused_app_names_the_two_settings(status: int, body: Any) -> None:
    with pytest.raises(SignInFailed) as raised:
        await exchange(client(usual(token=reply(status, json=body))), nobody())
    assert "client id and secret" in raised.value.message
    assert "REMEMBERIZER_OAUTH_CLIENT_ID and REMEMBERIZER_OAUTH_CLIENT_SECRET" in hint(raised.value)
    assert "canary" not in str(raised.value)


@pytest.mark.promise("upstream:answers:codes", "sessions:oauth:documented-calls")
@pytest.mark.parametrize(("status", "body"), [*JSON_ERRORS, (401, None), (400, {"error": "invalid_client"})])
async def test_a_refused_renewal_is_an_expired_session(status: int, body: Any) -> None:
    who = ada()
    with pytest.raises(SessionExpired) as raised:
        await renew(client(usual(token=reply(status, json=body))), who)
    assert raised.value.status == status
    assert "canary" not in str(raised.value)
    assert (who.access_token, who.oauth_refresh_token, who.version) == ("oauth-access-1", "oauth-refresh-1", 1)


def cut(_: httpx.Request) -> httpx.Response:
    raise httpx.ReadError("cut")


@pytest.mark.promise("sessions:oauth:documented-calls")
@pytest.mark.parametrize("call", [exchange, renew])
@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (reply(200, json={}), UpstreamProtocolError),
        (reply(200, json=[grant()]), UpstreamProtocolError),
        (reply(204), UpstreamProtocolError),
        (reply(404, json=grant(2)), UpstreamProtocolError),
        (reply(302, json=grant(2)), UpstreamProtocolError),
        (reply(200, html="<html>sign in to this network</html>"), UpstreamProtocolError),
        (reply(200, json=grant(access_token="")), UpstreamProtocolError),
        (reply(200, json=grant(access_token=None)), UpstreamProtocolError),
        (reply(200, json=grant(access_token=7)), UpstreamProtocolError),
        (reply(200, json=grant(access_token="two words")), UpstreamProtocolError),
        (reply(200, json=grant(access_token="line\r\nX-Injected: 1")), UpstreamProtocolError),
        (reply(200, json=grant(access_token="line\n")), UpstreamProtocolError),
        (reply(200, json=grant(refresh_token=7)), UpstreamProtocolError),
        (reply(200, json=grant(token_type="mac")), UpstreamProtocolError),
        (reply(503, json={"error": "server_error"}), UpstreamUnavailable),
        (reply(429, json={"error": "slow_down"}), RateLimited),
        (cut, UpstreamUnreachable),
    ],
)
async def test_an_unusable_answer_is_no_refusal_and_changes_nothing(
    call: Made, answer: Answer, error: type[RememberizerError]
) -> None:
    upstream, who = usual(token=answer), ada()
    with pytest.raises(error) as raised:
        await call(client(upstream), who)
    assert type(raised.value) is error
    assert "oauth-" not in str(raised.value)
    assert (who.access_token, who.oauth_refresh_token, who.version) == ("oauth-access-1", "oauth-refresh-1", 1)
    assert len(upstream.requests) == 1


async def test_a_renewal_without_a_refresh_token_asks_nobody() -> None:
    upstream = usual()
    with pytest.raises(NotSignedIn):
        await renew(client(upstream), nobody())
    assert upstream.requests == []
