"""``Cookies``: what upstream set for one sign-in, within bounds, and how it goes back.

Only ``refresh_token`` is a documented name (rememberizer-api.md §1.4); which cookie is the access token has to be found
out. Each cookie goes back as it came. The token in it is read without the quotes that some services set around a value.
"""

import re
import time
from collections.abc import Iterator
from http.cookiejar import Cookie, CookieJar, DefaultCookiePolicy
from http.cookies import SimpleCookie
from typing import Any, NamedTuple
from urllib.request import Request

import httpx

REFRESH_COOKIE = "refresh_token"
ACCESS_NAMES = ("access_token", "access", "jwt", "token", "auth_token")
MOST_COOKIES = 50
MOST_COOKIE_BYTES = 4096
"""Name, value and attributes together (RFC 6265 §6.1)."""
JWT = re.compile(r"[\w-]+\.[\w-]+\.[\w-]*")
_SENDABLE = re.compile(r"[\x20-\x7e]+")
_NOT_ACCESS = re.compile(r"refresh|csrf|xsrf|session", re.IGNORECASE)
_CSRF = re.compile("csrf|xsrf", re.IGNORECASE)
# `http` counts as secure here because plain http reaches loopback only, where browsers send such cookies too.
_POLICY = DefaultCookiePolicy(secure_protocols=("https", "http"))
_LISTED = frozenset({REFRESH_COOKIE, *ACCESS_NAMES})


class DumpedCookie(NamedTuple):
    """The attributes by which it is decided where a cookie goes, and until when."""

    name: str
    value: str | None
    domain: str
    domain_specified: bool
    domain_initial_dot: bool
    path: str
    path_specified: bool
    secure: bool
    expires: int | float | None


class Cookies:
    """At most 50 cookies of 4 KB. Where more come the oldest go, but never the access or the refresh token.

    >>> cookies, asked = Cookies(), httpx.Request("POST", "https://api.example.org/v1/")
    >>> cookies.take(httpx.Response(204, headers={"Set-Cookie": "access_token=a; Path=/"}, request=asked))
    {'access_token'}
    >>> cookies.sent_to("https://api.example.org/v1/me/"), cookies.sent_to("https://example.org/")
    (['access_token=a'], [])
    """

    def __init__(self) -> None:
        self._hold([])

    def _hold(self, cookies: list[Cookie]) -> None:
        """Hold these from now on, the oldest first, and see what they are: every call asks, and looking takes long."""
        self._held = cookies
        self.access = self._access()
        """The access token: of a listed name, else the only JWT whose name speaks of nothing else."""
        self.access_token = token_of(self.access)
        self.refresh = self._find(REFRESH_COOKIE)
        """The refresh token."""
        self.show_who_asks = any(token_of(cookie) and not _CSRF.search(cookie.name) for cookie in self._held)
        """Whether one of them can; a CSRF cookie can't."""
        self._sent = "", ""
        """An address, and the ``Cookie`` header for it; finding out which cookies match takes long."""

    def __iter__(self) -> Iterator[Cookie]:
        """The oldest first."""
        return iter(self._held)

    def __len__(self) -> int:
        return len(self._held)

    def take(self, response: httpx.Response) -> set[str]:
        """Keep one cookie of each name, the newest, and none that can't be sent back.

        Returns:
            The names that were set, also to an empty value. A cookie that upstream deletes is not among them.
        """
        jar = self._jar()
        httpx.Cookies(jar).extract_cookies(self._bounded(response))
        old, there = set(map(id, self._held)), set(map(id, jar))
        came = [cookie for cookie in jar if id(cookie) not in old]
        names = {cookie.name for cookie in came}
        stay = [cookie for cookie in self._held if id(cookie) in there and cookie.name not in names]
        self._hold([*stay, *(cookie for cookie in came if _SENDABLE.fullmatch(f"{cookie.name}={cookie.value}"))])
        self._evict()
        return names

    def sent_to(self, url: str) -> list[str]:
        """``name=value`` of each cookie for this address; cookies go to the host and path that set them (S40)."""
        if any(cookie.is_expired() for cookie in self._held):
            self._hold([cookie for cookie in self._held if not cookie.is_expired()])
        known, header = self._sent
        if url != known:
            request = Request(url)  # noqa: S310 -- of urllib, which http.cookiejar knows; it is not sent
            self._jar().add_cookie_header(request)
            header = request.get_header("Cookie") or ""
            self._sent = url, header
        return header.split("; ") if header else []

    def dump(self) -> list[DumpedCookie]:
        """All of them, for ``load``, as JSON can hold them."""
        return [DumpedCookie(*(getattr(cookie, name) for name in DumpedCookie._fields)) for cookie in self]

    def load(self, dumped: list[DumpedCookie]) -> None:
        """Hold these instead."""
        self._hold([_cookie(values) for values in dumped])

    def clear(self) -> None:
        """Forget all."""
        self._hold([])

    def _jar(self) -> CookieJar:
        """The jar that holds them, which knows the rules; made when it is needed, so that no session keeps one."""
        jar = CookieJar(_POLICY)
        for cookie in self._held:
            jar.set_cookie(cookie)
        return jar

    def _bounded(self, response: httpx.Response) -> httpx.Response:
        """The reply with no more ``Set-Cookie`` lines than are worth reading: the last, and those of a token."""
        access = self.access
        wanted = _LISTED | {access.name} if access else _LISTED
        lines = [value for name, value in response.headers.raw if name.lower() == b"set-cookie"]
        lines = [line for line in lines if len(line) <= MOST_COOKIE_BYTES]
        older = [line for line in lines[:-MOST_COOKIES] if line.partition(b"=")[0].strip().decode("latin-1") in wanted]
        chosen = older[-MOST_COOKIES:] + lines[-MOST_COOKIES:]
        return httpx.Response(200, headers=[(b"set-cookie", line) for line in chosen], request=response.request)

    def _evict(self) -> None:
        others = [cookie for cookie in self._held if cookie not in (self.access, self.refresh)]
        surplus = others[: max(len(self) - MOST_COOKIES, 0)]
        if surplus:
            self._hold([cookie for cookie in self._held if cookie not in surplus])

    def _access(self) -> Cookie | None:
        for name in ACCESS_NAMES:
            if cookie := self._find(name):
                return cookie
        shaped = [each for each in self if JWT.fullmatch(token_of(each)) and not _NOT_ACCESS.search(each.name)]
        return shaped[0] if len(shaped) == 1 else None

    def _find(self, name: str) -> Cookie | None:
        found = [cookie for cookie in self if cookie.name == name and token_of(cookie)]
        return found[-1] if found else None


def _cookie(dumped: DumpedCookie) -> Cookie:
    unset: dict[str, Any] = dict.fromkeys(("port", "port_specified", "comment", "comment_url"))
    return Cookie(version=0, **dumped._asdict(), **unset, discard=dumped.expires is None, rest={})


def token_of(cookie: Cookie | None) -> str:
    """The cookie's value without quotes around it; nothing where there is no cookie."""
    value = (cookie and cookie.value) or ""
    bare = SimpleCookie().value_decode(value)[0]
    return bare if not bare or _SENDABLE.fullmatch(bare) else value  # what can't be a header's value stays as it came


def seconds_left(cookie: Cookie) -> float | None:
    """What its ``Max-Age`` leaves it: http.cookiejar has added that to a clock of its own."""
    return None if cookie.expires is None else cookie.expires - time.time()
