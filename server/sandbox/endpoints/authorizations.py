"""What an app asks of a person by `GET auth/oauth2/authorize/` (rememberizer-api.md §2)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode

from starlette.datastructures import QueryParams

from ..config import OFFLINE_ACCESS, RegisteredApp, SandboxConfig, origin_of
from ..data.refusals import Refusal

_NAMES = (
    *("client_id", "redirect_uri", "response_type", "state", "scope"),
    *("code_challenge", "code_challenge_method"),
)
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")


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
        state = {"state": self.state} if self.state else {}
        return f"{self.redirect_uri}?{urlencode(parameters | state)}"


def read_authorization(query: QueryParams, config: SandboxConfig) -> Authorization:
    """Read and check what an app asks. A parameter that comes twice counts as none (RFC 6749 §3.1).

    Raises:
        Refusal: the app or the redirect URI is not registered, so that nobody can be told but the person.
        RefusedAuthorizationError: something else is wrong.
    """
    given = {name: query[name] if len(query.getlist(name)) == 1 else "" for name in _NAMES}
    app = config.app(given["client_id"])
    if app is None:
        raise Refusal(400, "invalid_client", "No app with this client id is registered in the sandbox.")
    origin = origin_of(given["redirect_uri"])
    if origin is None:
        raise Refusal(400, "invalid_request", "This redirect URI is not registered for the app.")
    asked = Authorization(
        app=app,
        redirect_uri=given["redirect_uri"],
        origin=origin,
        state=given["state"],
        scope=" ".join(given["scope"].split()),
        challenge=given["code_challenge"] or None,
    )
    is_ambiguous = any(len(query.getlist(name)) > 1 for name in _NAMES)
    if error := _error(given, is_ambiguous=is_ambiguous, checks_pkce=config.variants.oauth_pkce == "checked"):
        raise RefusedAuthorizationError(asked.answer(error=error))
    return asked


def _error(given: Mapping[str, str], *, is_ambiguous: bool, checks_pkce: bool) -> str | None:
    if is_ambiguous or not given["state"] or not given["response_type"]:
        return "invalid_request"
    if given["response_type"] != "code":
        return "unsupported_response_type"
    if set(given["scope"].split()) - {OFFLINE_ACCESS}:
        return "invalid_scope"
    return "invalid_request" if checks_pkce and not _is_pkce_usable(given) else None


def _is_pkce_usable(given: Mapping[str, str]) -> bool:
    """A challenge may be left out, but not be `plain`, which is what no method means (RFC 7636 §4.3)."""
    challenge, method = given["code_challenge"], given["code_challenge_method"]
    return (challenge, method) == ("", "") or (method == "S256" and _CHALLENGE.fullmatch(challenge) is not None)
