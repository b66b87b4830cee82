"""OAuth for registered apps (rememberizer-api.md §2): where the browser goes, and the two calls for tokens.

Neither call is ever sent again: a code works once, and a refresh token may have been rotated by an answer that was
lost. PKCE is not documented; it is used all the same, since a service that doesn't know it ignores it (RFC 6749 §3.1).
"""

import base64
import hashlib
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Annotated, Any
from urllib.parse import urlencode

from pydantic import AfterValidator, BeforeValidator, Field, Strict

from ..errors import NotSignedIn, RememberizerError, SessionExpired, SignInFailed
from .answers import Answer, read
from .body import Body
from .client import REFUSES_WHO_ASKS, RememberizerAPI, Reply
from .credentials import Credentials
from .endpoints import OAUTH_TOKEN

AUTHORIZE_PATH = "auth/oauth2/authorize/"
OFFLINE_ACCESS = "offline_access"
"""The only scope ever named: also give a refresh token."""


@dataclass(frozen=True, kw_only=True)
class OAuthClient:
    """An app that was registered at Rememberizer by hand; there is no dynamic registration."""

    client_id: str
    client_secret: str = field(repr=False)
    redirect_uri: str
    authorize_url: str
    """Where the browser goes; with the embedded sandbox this is its loopback listener."""


def authorization_url(client: OAuthClient, *, state: str, challenge: str) -> str:
    """The address at which the person lets the app in; it holds no secret.

    ``state`` is random and used once; it comes back with the code. ``pkce_challenge`` makes the ``challenge``.
    """
    query = {
        "client_id": client.client_id,
        "response_type": "code",
        "redirect_uri": client.redirect_uri,
        "state": state,
        "scope": OFFLINE_ACCESS,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    return f"{client.authorize_url}?{urlencode(query)}"


def pkce_challenge(verifier: str) -> str:
    """The S256 challenge of a verifier (RFC 7636 §4.2)."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")


async def exchange(
    api: RememberizerAPI,
    credentials: Credentials,
    client: OAuthClient,
    *,
    code: str,
    verifier: str,
) -> None:
    """``POST auth/oauth2/token/`` with a code: take the tokens.

    Raises:
        SignInFailed: Upstream refused the code, or the app.
        UpstreamProtocolError: Also for a success without a usable token.
        UpstreamError: No usable answer.
    """
    fields = {"grant_type": "authorization_code", "code": code, "code_verifier": verifier}
    reply = await _ask(api, credentials, client, fields)
    if _is_refusal(reply):
        raise _exchange_refusal(reply)
    _take(credentials, reply)


async def renew(api: RememberizerAPI, credentials: Credentials, client: OAuthClient) -> None:
    """``POST auth/oauth2/token/`` with the OAuth refresh token, which stays as it is unless a new one comes.

    Raises:
        NotSignedIn: There is no OAuth refresh token; nothing is sent.
        SessionExpired: Upstream refused it.
        UpstreamProtocolError: Also for a success without a usable token.
        UpstreamError: No usable answer; the credentials are as they were.
    """
    if credentials.oauth_refresh_token is None:
        raise NotSignedIn
    fields = {"grant_type": "refresh_token", "refresh_token": credentials.oauth_refresh_token}
    reply = await _ask(api, credentials, client, fields)
    if _is_refusal(reply):
        raise SessionExpired(status=reply.status)
    _take(credentials, reply)


async def _ask(api: RememberizerAPI, credentials: Credentials, client: OAuthClient, fields: dict[str, str]) -> Reply:
    app = {
        "client_id": client.client_id,
        "client_secret": client.client_secret,
        "redirect_uri": client.redirect_uri,
    }
    return await api.send(OAUTH_TOKEN.call(form=fields | app), credentials)


def _is_refusal(reply: Reply) -> bool:
    """The statuses are not documented: a 200 with ``error`` is a refusal too."""
    return reply.status in REFUSES_WHO_ASKS or _error_of(reply.body) is not None


def _error_of(body: Body) -> Any:
    top = body.json if isinstance(body.json, dict) else {}
    return top.get("error") or body.fields.get("error") or None


def _exchange_refusal(reply: Reply) -> RememberizerError:
    error = _error_of(reply.body)
    if error == "invalid_client" or (error is None and reply.status == HTTPStatus.UNAUTHORIZED):
        return SignInFailed(
            "Rememberizer doesn't accept this server's OAuth client id and secret.",
            repair="Have the user check REMEMBERIZER_OAUTH_CLIENT_ID and REMEMBERIZER_OAUTH_CLIENT_SECRET, and restart "
            "the server.",
            status=reply.status,
        )
    return SignInFailed(
        "Rememberizer refused the authorization code, which works once and for a short time only.", status=reply.status
    )


def _number_or_nothing(value: Any) -> float | None:
    """Seconds, also as text; anything else says nothing about the token's life."""
    try:
        return None if isinstance(value, bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        return None


def _is_bearer(value: str) -> str:
    if value.lower() != "bearer":
        raise ValueError("a token of this type can't be used")
    return value


class _Tokens(Answer):
    """The answer, as far as it is known (§2)."""

    access_token: Annotated[str, Strict(), Field(pattern=r"\A[\x21-\x7e]+\z")]
    refresh_token: Annotated[str, Strict()] | None = None
    expires_in: Annotated[float | None, BeforeValidator(_number_or_nothing)] = None
    token_type: Annotated[str, Strict(), AfterValidator(_is_bearer)] | None = None


def _take(credentials: Credentials, reply: Reply) -> None:
    if not reply.is_success:
        raise reply.unusable()
    tokens = read(_Tokens, reply.body.fields, reply)
    credentials.take_oauth(tokens.access_token, refresh_token=tokens.refresh_token, expires_in=tokens.expires_in)
