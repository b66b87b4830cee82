"""`auth/oauth2/authorize/`: the page on which a person lets an app in (rememberizer-api.md §2)."""

import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from ..config import (
    AUTHORIZE_PATH,
    OFFLINE_ACCESS,
    SANDBOX_GUEST_EMAIL,
    SANDBOX_GUEST_PASSWORD,
    RegisteredApp,
    SandboxConfig,
)
from ..data.database import Database
from ..data.refusals import Refusal
from ..data.tokens import TokenTable, random_token
from ..wire.forms import read_urlencoded
from ..wire.pages import Pages
from .base import Services

_NAMES = ("client_id", "redirect_uri", "response_type", "state", "scope", "code_challenge", "code_challenge_method")
_REDIRECT_URI = re.compile(r"(?P<origin>http://(?:127\.0\.0\.1|localhost):[1-9][0-9]{0,4})/oauth/callback")
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
_COOKIE = "sandbox_browser"
_COOKIE_SECONDS = 600
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")
_ALWAYS = ("all", "none")
_GUEST = {"login": SANDBOX_GUEST_EMAIL, "password": SANDBOX_GUEST_PASSWORD}
_SIGN_IN_FIRST = "Sign in first."
_TOO_OLD = "This page was open for too long, or your browser did not send its cookie. Please try again."
_CHOOSE = "Choose which documents the app may read."
_SENTENCES = {
    "authentication_failed": "This e-mail and password don't belong together. Please try again.",
    "email_not_verified": "The e-mail address of this account is not verified yet. Verify it, then sign in again.",
    "throttled": "Too many tries. Wait a minute, then sign in again.",
}


@dataclass(frozen=True, kw_only=True)
class Authorization:
    """One request of an app. The app is registered, and so is the redirect URI."""

    app: RegisteredApp
    redirect_uri: str
    origin: str
    """That of the redirect URI."""
    state: str = field(repr=False)
    scope: str
    challenge: str | None = field(repr=False)
    error: str | None
    """What is wrong with the request, as the app is told (RFC 6749 §4.1.2.1)."""

    def answer(self, **parameters: str) -> str:
        """Give the address that brings an answer back to the app."""
        state = {"state": self.state} if self.state else {}
        return f"{self.redirect_uri}?{urlencode(parameters | state)}"


class Browsers:
    """Who is signed in to the page, by a cookie of its own that no other part of the sandbox takes.

    Each browser has a random token; signing in gives it another one, which the database knows.
    """

    def __init__(self, database: Database, config: SandboxConfig) -> None:
        self._signed_in = TokenTable(database, "browser_sessions", config.now)
        self._secret = database.secret("browser_sessions")
        self._now = config.now

    def sign_in(self, account_id: int) -> str:
        """Give the token of a browser that has just signed in."""
        return self._signed_in.issue(account_id=account_id, expires_at=self._now() + _COOKIE_SECONDS)

    def account_id(self, token: str) -> int | None:
        """Give the account that is signed in, if one is."""
        row = self._signed_in.find(token)
        return None if row is None else int(row["account_id"])

    def sign_out(self, token: str) -> None:
        """Forget who is signed in."""
        self._signed_in.end(token)

    def form_token(self, token: str) -> str:
        """Give what a form of this browser carries, so that no other site can send one."""
        return hmac.digest(self._secret, token.encode(), "sha256").hex()

    def is_own(self, form_token: str, token: str) -> bool:
        """Tell whether a form was made for this browser."""
        return hmac.compare_digest(self.form_token(token).encode(), form_token.encode())


class ConsentPage:
    """Signs the person in to the page, shows who asks for what, and sends the answer back."""

    def __init__(self, services: Services, browsers: Browsers, pages: Pages) -> None:
        self._services = services
        self._browsers = browsers
        self._pages = pages

    def route(self) -> Route:
        """Give the route of this page, with its whole path."""
        return Route(AUTHORIZE_PATH, self.answer, methods=["GET", "POST"])

    async def answer(self, request: Request) -> Response:
        """Answer one request. The forms are sent to the page's own address, so each one is checked anew."""
        try:
            asked = _read_authorization(request.query_params, self._services.config)
            if asked.error:
                return _see(asked.answer(error=asked.error))
            if request.method != "POST":
                return self._show(request, asked)
            return await self._decide(request, asked)
        except Refusal as refusal:
            return self._pages.page("authorize_refused.html", status=refusal.status, sentence=refusal.detail)

    async def _decide(self, request: Request, asked: Authorization) -> Response:
        if request.headers.getlist("origin") != [f"{request.url.scheme}://{request.url.netloc}"]:
            raise Refusal(403, "permission_denied", "This form was not sent by the sandbox's own page.")
        form = await read_urlencoded(request)
        token = _token_of(request)
        if not self._browsers.is_own(form.get("form_token", ""), token):
            return self._show(request, asked, sentence=_TOO_OLD, status=403)
        match form.get("decision"):
            case "cancel":
                return _see(asked.answer(error="access_denied"))
            case "authorize":
                return self._authorize(request, asked, form.get("memento", ""))
            case "switch":
                self._browsers.sign_out(token)
                return _see(f"?{request.url.query}")
            case "guest":
                return await self._sign_in(request, asked, _GUEST)
            case _:
                return await self._sign_in(request, asked, form)

    async def _sign_in(self, request: Request, asked: Authorization, form: Mapping[str, str]) -> Response:
        login = form.get("login", "")
        try:
            limit = self._services.config.sign_in_attempts_per_minute
            self._services.admit_address(request, "signin", per_minute=limit)
            account = await self._services.sign_in(login, form.get("password", ""))
        except Refusal as refusal:
            status = 429 if refusal.code == "throttled" else 403
            response = self._show(request, asked, sentence=_SENTENCES[refusal.code], status=status, login=login)
            response.headers.update(refusal.headers if status == 429 and refusal.headers else {})  # noqa: PLR2004 - as above
            return response
        response = _see(f"?{request.url.query}")
        _hand_out(self._browsers.sign_in(account.id), response)
        return response

    def _authorize(self, request: Request, asked: Authorization, memento: str) -> Response:
        account_id = self._browsers.account_id(_token_of(request))
        if account_id is None:
            return self._show(request, asked, sentence=_SIGN_IN_FIRST, status=403)
        if memento not in (*_ALWAYS, *self._mementos(account_id)):
            return self._show(request, asked, sentence=_CHOOSE, status=400)
        code = self._services.oauth_codes.issue(
            account_id=account_id,
            client_id=asked.app.client_id,
            redirect_uri=asked.redirect_uri,
            scope=asked.scope,
            challenge=asked.challenge,
            memento=memento,
        )
        return _see(asked.answer(code=code))

    def _mementos(self, account_id: int) -> dict[str, str]:
        """Give the names of an account's mementos by their ids, each of which may be chosen for an app."""
        return {str(memento.id): memento.name for memento in self._services.mementos.of_account(account_id)}

    def _show(
        self, request: Request, asked: Authorization, *, sentence: str = "", status: int = 200, login: str = ""
    ) -> Response:
        token = _token_of(request) or random_token()
        account_id = self._browsers.account_id(token)
        account = None if account_id is None else self._services.accounts.by_id(account_id)
        response = self._pages.page(
            "authorize.html",
            status=status,
            form_action=f"'self' {asked.origin}",
            asked=asked,
            account=account,
            mementos={} if account_id is None else self._mementos(account_id),
            stays=OFFLINE_ACCESS in asked.scope,
            form_token=self._browsers.form_token(token),
            sentence=sentence,
            login=login,
        )
        _hand_out(token, response)
        return response


def _token_of(request: Request) -> str:
    """Give the token in the request's cookie, or ""."""
    token = request.cookies.get(_COOKIE, "")
    return token if _TOKEN.fullmatch(token) else ""


def _hand_out(token: str, response: Response) -> None:
    """Set the cookie, for this page only and for ten minutes."""
    response.set_cookie(_COOKIE, token, max_age=_COOKIE_SECONDS, path=AUTHORIZE_PATH, httponly=True, samesite="lax")


def _see(location: str) -> Response:
    return RedirectResponse(location, status_code=303)


def _read_authorization(query: QueryParams, config: SandboxConfig) -> Authorization:
    """Read and check what an app asks. A parameter that comes twice counts as none (RFC 6749 §3.1).

    Of an app or a redirect URI that is not registered only the person can be told, by a refusal.
    """
    given = {name: query[name] if len(query.getlist(name)) == 1 else "" for name in _NAMES}
    app = config.app(given["client_id"])
    if app is None:
        raise Refusal(400, "invalid_client", "No app with this client id is registered in the sandbox.")
    registered = _REDIRECT_URI.fullmatch(given["redirect_uri"])
    if registered is None:
        raise Refusal(400, "invalid_request", "This redirect URI is not registered for the app.")
    is_ambiguous = any(len(query.getlist(name)) > 1 for name in _NAMES)
    return Authorization(
        app=app,
        redirect_uri=given["redirect_uri"],
        origin=registered["origin"],
        state=given["state"],
        scope=" ".join(given["scope"].split()),
        challenge=given["code_challenge"] or None,
        error=_error(given, is_ambiguous=is_ambiguous, checks_pkce=config.variants.oauth_pkce == "checked"),
    )


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
