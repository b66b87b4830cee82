"""``Credentials``: the cookies and the bearer token of one sign-in, or the tokens of an OAuth app.

The cookies that upstream sets are the source of truth, because the refresh may rotate both. OAuth gives no
cookies (rememberizer-api.md §2): the access token is the bearer, the refresh token is for the token endpoint only.
"""

import base64
import re
import time
from collections.abc import Callable, Mapping
from http.cookiejar import Cookie
from typing import Any, NamedTuple

import httpx
from pydantic_core import from_json

from ..logs.redaction import KnownSecrets
from .body import Body
from .cookies import ACCESS_NAMES, JWT, REFRESH_COOKIE, Cookies, DumpedCookie, seconds_left, token_of
from .dates import unix_time
from .endpoints import Takes

ASSUMED_LIFE_SECONDS = 300.0
"""Of an access token that is over on arrival by this machine's clock: the stock life in Django's JWT library."""


class Dumped(NamedTuple):
    """All that credentials hold, as JSON can hold it."""

    bearer: str | None
    oauth_refresh_token: str | None
    is_oauth: bool
    expires_at: float | None
    cookies: list[DumpedCookie]


class Credentials:
    """One sign-in's tokens; what they are shows in no ``repr``.

    A re-login makes new credentials, so that an answer to an older call can't overwrite them: it lands in the old ones.

    >>> credentials = Credentials(secrets=KnownSecrets())
    >>> credentials.adopt_refresh_token("r", url="https://api.example.org/")
    >>> credentials.headers(Takes.REFRESH_TOKEN, url="https://api.example.org/")
    {'Cookie': 'refresh_token=r'}
    """

    owner = None
    """A sign-in that isn't held yet is nobody's; an owner makes one at a time."""

    def __init__(self, *, secrets: KnownSecrets, now: Callable[[], float] = time.time) -> None:
        self._cookies = Cookies()
        self._bearer: str | None = None
        self.oauth_refresh_token: str | None = None
        """The refresh token of OAuth, which is no cookie."""
        self._is_oauth = False
        self._expires_at: float | None = None
        self._wiped = False
        self._secrets = secrets
        self._learnt: tuple[str, ...] = ()
        self._now = now
        self.version = 0
        """How often the tokens changed: tells whether a reply is older than what is held now."""

    def __repr__(self) -> str:
        held = [name for name, value in self._tokens().items() if value]
        return f"<Credentials: {len(self._cookies)} cookies, {' and '.join(held) or 'no token'}>"

    @property
    def access_token(self) -> str | None:
        """The token for ``Authorization``: the newest of the access cookie and a token from a JSON body."""
        return self._bearer or self._cookies.access_token or None

    @property
    def refresh_token(self) -> str | None:
        """The value of the ``refresh_token`` cookie, as it came."""
        cookie = self._cookies.refresh
        return cookie.value if cookie else None

    @property
    def has_token(self) -> bool:
        """Whether an access or a refresh token was recognised; an opaque session cookie is neither."""
        return self.access_token is not None or self.refresh_token is not None

    @property
    def can_renew(self) -> bool:
        """Whether there is a refresh token, of either kind."""
        return bool(self.oauth_refresh_token or self.refresh_token)

    @property
    def has_any(self) -> bool:
        """Whether anything was given that can show who asks."""
        return bool(self._bearer) or self._cookies.show_who_asks

    @property
    def access_expires_at(self) -> float | None:
        """Unix seconds at which the access token ends, as far as it says; for timing only, never trusted."""
        return None if self.access_token is None else self._expires_at

    def headers(self, takes: Takes, *, url: str) -> dict[str, str]:
        """The request headers that show who asks; cookies go to the host, path and scheme that set them (S40)."""
        match takes:
            case Takes.NOTHING:
                return {}
            case Takes.REFRESH_TOKEN:
                return _cookie_header(self._refresh_pair())
            case Takes.BEARER:
                return self._authorization()
            case _:
                sent, access = self._cookies.sent_to(url), self._cookies.access
                goes = access is not None and f"{access.name}={access.value}" in sent
                missing = set(self._refresh_pair() if takes is Takes.ALL_COOKIES else ()) - set(sent)
                return _cookie_header([*sent, *missing]) | ({} if goes and not self._bearer else self._authorization())

    def absorb(self, response: httpx.Response, body: Body | None = None, *, sent_at_version: int | None) -> bool:
        """Take the cookies of a reply, and a token of its JSON body where one is given; say whether a token arrived.

        Wiped credentials take nothing, and neither do those of OAuth. If the ``version`` changed since the request was
        sent, the reply is older than what is held and nothing is taken. ``sent_at_version=None`` takes it in any case:
        for the reply to a refresh, whose rotated token is in no other.
        """
        if self._wiped or self._is_oauth or sent_at_version not in (None, self.version):
            return False
        if body is None and "Set-Cookie" not in response.headers:
            return False  # so it is with most replies, and looking through the cookies takes long
        before = self._tokens()
        sent, access = self._cookies.take(response), self._cookies.access
        bearer = _token_in(body.fields) if body else None
        access_arrived = bearer is not None or (access is not None and access.name in sent)
        if access_arrived:
            self._bearer, sent_at = bearer, unix_time(response.headers.get("Date"))
            self._expires_at = self._end_of_life(cookie=None if bearer else access, sent_at=sent_at)
        arrived = access_arrived or (REFRESH_COOKIE in sent and self.refresh_token is not None)
        if arrived or self._tokens() != before:
            self.version += 1
        self._learn()
        return arrived

    def take_oauth(self, access_token: str, *, refresh_token: str | None, expires_in: float | None) -> None:
        """Hold the tokens of an OAuth app, and nothing beside them. Without a new refresh token the old one stays.

        ``expires_in`` is in seconds. Where the token endpoint doesn't say it, the access token itself is asked.
        """
        if self._wiped:
            return
        self._is_oauth = True
        self._cookies.clear()
        self._bearer = access_token
        self.oauth_refresh_token = refresh_token or self.oauth_refresh_token
        life = _number(expires_in)
        self._expires_at = self._now() + life if life else self._end_of_life()
        self.version += 1
        self._learn()

    def adopt_refresh_token(self, token: str, *, url: str) -> None:
        """Take over the ``refresh_token`` cookie of a sign-in that was made elsewhere, as if ``url`` had set it."""
        cookie = httpx.Headers([("Set-Cookie", f"{REFRESH_COOKIE}={token}; Path=/; HttpOnly")])
        self.absorb(httpx.Response(204, headers=cookie, request=httpx.Request("POST", url)), sent_at_version=None)

    def dump(self) -> Dumped:
        """All that is held, for ``load``: it is secret."""
        return Dumped(
            bearer=self._bearer,
            oauth_refresh_token=self.oauth_refresh_token,
            is_oauth=self._is_oauth,
            expires_at=self._expires_at,
            cookies=self._cookies.dump(),
        )

    def load(self, dumped: Dumped) -> None:
        """Hold instead what other credentials of the same sign-in held; wiped ones take nothing."""
        if self._wiped:
            return
        self._bearer, self.oauth_refresh_token = dumped.bearer, dumped.oauth_refresh_token
        self._is_oauth, self._expires_at = dumped.is_oauth, dumped.expires_at
        self._cookies.load(dumped.cookies)
        self.version += 1
        self._learn()

    def wipe(self) -> None:
        """Forget everything, for good: later replies are not taken."""
        self._wiped = True
        self._cookies.clear()
        self._bearer = self.oauth_refresh_token = None
        self._secrets.forget(self._learnt)
        self._learnt = ()

    def _end_of_life(self, *, cookie: Cookie | None = None, sent_at: float | None = None) -> float | None:
        """When the access token that just arrived ends.

        A life is counted from its arrival, so that a wrong clock on this machine doesn't make it look expired. Its
        begin is a JWT's ``iat``, or else the ``Date`` of the reply. An opaque token ends with its cookie's ``Max-Age``.
        """
        claims, now = _claims(self.access_token or ""), self._now()
        expires = _number(claims.get("exp"))
        if expires is None:
            left = seconds_left(cookie) if cookie else None
            return None if left is None else _number(now + left)
        for begin in (_number(claims.get("iat")), sent_at):
            if begin is not None and expires > begin:
                return now + expires - begin
        return expires if expires > now else now + ASSUMED_LIFE_SECONDS

    def _authorization(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.access_token}"} if self.access_token else {}

    def _learn(self) -> None:
        before = self._learnt
        values = [value for cookie in self._cookies for value in (cookie.value, token_of(cookie))]
        self._learnt = tuple(filter(None, (*values, self._bearer, self.oauth_refresh_token)))
        self._secrets.learn(self._learnt)
        self._secrets.forget(before)

    def _tokens(self) -> Mapping[str, str | None]:
        return {
            "access cookie": self._cookies.access_token,
            "refresh cookie": self.refresh_token,
            "bearer": self._bearer,
            "OAuth refresh token": self.oauth_refresh_token,
        }

    def _refresh_pair(self) -> list[str]:
        return [f"{REFRESH_COOKIE}={self.refresh_token}"] if self.refresh_token else []


def _cookie_header(pairs: list[str]) -> dict[str, str]:
    return {"Cookie": "; ".join(pairs)} if pairs else {}


def _token_in(fields: Mapping[str, Any]) -> str | None:
    """A token under one of the listed names, at the top or one level below it (§1.3: the name is unknown)."""
    levels = [fields, *(value for value in fields.values() if isinstance(value, dict))]
    for level in levels:
        for name in ACCESS_NAMES:
            value = level.get(name)
            if isinstance(value, str) and re.fullmatch(r"[\x21-\x7e]+", value):
                return value
    return None


def _claims(token: str) -> Mapping[str, Any]:
    if not JWT.fullmatch(token):
        return {}
    payload = token.split(".")[1]
    try:
        claims = from_json(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except ValueError:
        return {}
    return claims if isinstance(claims, dict) else {}


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if 0 <= value < 1e11 else None  # noqa: PLR2004 -- about the year 5138; later is no time
