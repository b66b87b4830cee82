"""What an app asks of a person by `GET auth/oauth2/authorize/` (rememberizer-api.md §2)."""

import re
from dataclasses import dataclass, field
from urllib.parse import urlencode

from starlette.datastructures import QueryParams

from ..config import RegisteredApp, SandboxConfig, app_of, origin_of

OFFLINE_ACCESS = "offline_access"
_NAMES = ("response_type", "state", "scope", "code_challenge", "code_challenge_method")
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")


class UnusableAuthorizationError(Exception):
    """Nobody can be told but the person: who asks, or where the answer goes, is not known."""


class RefusedAuthorizationError(Exception):
    """The app is told by a redirect to `location`."""

    def __init__(self, location: str) -> None:
        super().__init__("The app asked for something that it can't have.")
        self.location = location


@dataclass(frozen=True, kw_only=True)
class Authorization:
    """One request of an app, checked."""

    app: RegisteredApp
    redirect_uri: str
    origin: str
    """That of the redirect URI."""
    state: str = field(repr=False)
    scope: str
    challenge: str | None = field(repr=False)

    def answer(self, **parameters: str) -> str:
        """Give the address that brings an answer back to the app."""
        return _answer(self.redirect_uri, self.state, **parameters)


def read_authorization(query: QueryParams, config: SandboxConfig) -> Authorization:
    """Read and check what an app asks. A parameter that comes twice counts as none (RFC 6749 §3.1).

    Raises:
        UnusableAuthorizationError: the app or the redirect URI is not registered; the sentence says which.
        RefusedAuthorizationError: something else is wrong.
    """
    app = app_of(_once(query, "client_id"), config.apps)
    if app is None:
        raise UnusableAuthorizationError("No app with this client id is registered in the sandbox.")
    redirect_uri = _once(query, "redirect_uri")
    origin = origin_of(redirect_uri)
    if origin is None:
        raise UnusableAuthorizationError("This redirect URI is not registered for the app.")
    if error := _error(query, checks_pkce=config.variants.oauth_pkce == "checked"):
        raise RefusedAuthorizationError(_answer(redirect_uri, _once(query, "state"), error=error))
    return Authorization(
        app=app,
        redirect_uri=redirect_uri,
        origin=origin,
        state=_once(query, "state"),
        scope=" ".join(_once(query, "scope").split()),
        challenge=_once(query, "code_challenge") or None,
    )


def _error(query: QueryParams, *, checks_pkce: bool) -> str | None:
    if any(len(query.getlist(name)) > 1 for name in _NAMES) or not _once(query, "state"):
        return "invalid_request"
    if _once(query, "response_type") != "code":
        return "unsupported_response_type" if _once(query, "response_type") else "invalid_request"
    if set(_once(query, "scope").split()) - {OFFLINE_ACCESS}:
        return "invalid_scope"
    return "invalid_request" if checks_pkce and not _is_pkce_usable(query) else None


def _is_pkce_usable(query: QueryParams) -> bool:
    """A challenge may be left out, but not be `plain`, which is what no method means (RFC 7636 §4.3)."""
    challenge, method = _once(query, "code_challenge"), _once(query, "code_challenge_method")
    return (challenge, method) == ("", "") or (method == "S256" and _CHALLENGE.fullmatch(challenge) is not None)


def _once(query: QueryParams, name: str) -> str:
    values = query.getlist(name)
    return values[0] if len(values) == 1 else ""


def _answer(redirect_uri: str, state: str, **parameters: str) -> str:
    return f"{redirect_uri}?{urlencode(parameters | ({'state': state} if state else {}))}"
