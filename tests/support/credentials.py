"""Credentials in a test: of nobody, of a sign-in, of an answer, and of an OAuth app."""

from typing import Any

import httpx
from rememberizer_mcp.server.api.body import Body
from rememberizer_mcp.server.api.credentials import Credentials
from rememberizer_mcp.server.logs.redaction import KnownSecrets

from tests.support.clock import FakeClock
from tests.support.upstream import BASE_URL, tokens


def nobody(*, secrets: KnownSecrets | None = None, clock: FakeClock | None = None) -> Credentials:
    return Credentials(secrets=secrets or KnownSecrets(), now=clock or FakeClock())


def answer(*cookies: str | bytes, json: Any = None) -> tuple[httpx.Response, Body]:
    """A reply with these ``Set-Cookie`` lines, as it comes off the wire."""
    lines = [(b"set-cookie", line if isinstance(line, bytes) else line.encode("latin-1")) for line in cookies]
    request = httpx.Request("POST", BASE_URL + "auth/signin/")
    response = httpx.Response(200, headers=lines, json=json, request=request)
    return response, Body(response.content)


def held(
    *cookies: str | bytes, json: Any = None, secrets: KnownSecrets | None = None, clock: FakeClock | None = None
) -> Credentials:
    """Credentials that took one reply."""
    made = nobody(secrets=secrets, clock=clock)
    made.absorb(*answer(*cookies, json=json), sent_at_version=None)
    return made


def ada(**cookies: str) -> Credentials:
    """Credentials as a sign-in leaves them."""
    return held(*(f"{name}={value}" for name, value in (cookies or tokens()).items()))


def granted(secrets: KnownSecrets | None = None) -> Credentials:
    """Credentials that had cookies before they got an OAuth grant."""
    credentials = held("access_token=cccc-1; Path=/", "refresh_token=cccc-2; Path=/", secrets=secrets)
    credentials.take_oauth("gggg-1", refresh_token="gggg-2", expires_in=60)
    return credentials
