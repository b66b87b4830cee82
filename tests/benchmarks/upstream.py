"""``python -m tests.benchmarks.upstream PORT [SECONDS]``: a Rememberizer that answers at once, in its own process.

Everybody may sign in, and each search finds five passages: those of the account, or of nobody where no cookie came.
Access tokens live as long as they are told to, or for good. A refresh token works once. ``/accounts`` says what was
asked.
"""

import json
import secrets
import sys
import time
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from http import HTTPStatus
from typing import Any

import uvicorn
from rememberizer_mcp.server.sessions.grant import REFRESH_AHEAD_SECONDS
from starlette.types import Receive, Scope, Send

from tests.support.knowledge import match
from tests.support.upstream import PREFIX

PASSAGE = "Tea from the first harvest is picked by hand in spring, and dried in the shade. " * 5
ACCOUNTS = "/accounts"
SLACK_SECONDS = 1.0
"""So much earlier than it is due a renewal may come."""
Answer = tuple[HTTPStatus, bytes, list[tuple[bytes, bytes]]]


def found(account: str) -> bytes:
    """What a search of this account finds."""
    return json.dumps({"matched_chunks": [match(number, f"{PASSAGE}{account}") for number in range(5)]}).encode()


@dataclass
class SignIn:
    """One sign-in of an account, and when each of its access tokens was given (Unix seconds)."""

    account: str
    given: list[float] = field(default_factory=list)

    @cached_property
    def passages(self) -> bytes:
        """What a search finds."""
        return found(self.account)


@dataclass
class Upstream:
    """The application. ``life_seconds`` is that of an access token; without one it lives for good."""

    life_seconds: float | None = None
    sign_ins: list[SignIn] = field(default_factory=list)
    early: list[tuple[float, str]] = field(default_factory=list)
    """Renewals of a token that had more than 30 s left: when, and of which account."""
    reused: list[tuple[float, str]] = field(default_factory=list)
    """Refresh tokens that were shown again after their use."""
    refused: list[tuple[float, str]] = field(default_factory=list)
    """Access tokens that had ended, or that nobody was given."""
    _access: dict[str, tuple[SignIn, float]] = field(default_factory=dict)
    _refresh: dict[str, SignIn] = field(default_factory=dict)
    _used: dict[str, SignIn] = field(default_factory=dict)
    _nobodys: bytes = field(default_factory=lambda: found("nobody"))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request of a sign-in, a renewal, a search, or of the test."""
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        cookies = dict(scope["headers"]).get(b"cookie", b"").decode().split("; ")
        shown = {name: value for name, _, value in (each.partition("=") for each in cookies)}
        status, given, headers = self._answer(scope["path"], body, shown)
        headers += [(b"content-type", b"application/json"), (b"content-length", str(len(given)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": given})

    def _answer(self, path: str, body: bytes, cookies: Mapping[str, str]) -> Answer:
        match path.removeprefix(PREFIX):
            case "auth/signin/":
                account = json.loads(body)["login"]
                self.sign_ins.append(SignIn(account))
                return self._tokens(self.sign_ins[-1])
            case "auth/custom-refresh/":
                return self._renewal(cookies.get("refresh_token", ""))
            case "auth/custom-logout/":
                return HTTPStatus.OK, b"", []
            case _ if path == ACCOUNTS:
                return HTTPStatus.OK, json.dumps(self._asked()).encode(), []
            case known:
                return self._of_account(known, cookies.get("access_token"))

    def _of_account(self, path: str, token: str | None) -> Answer:
        if token is None:
            return HTTPStatus.OK, self._nobodys, []
        now = time.time()
        sign_in, ends_at = self._access.get(token, (None, 0.0))
        if sign_in is None or ends_at <= now:
            self.refused.append((now, sign_in.account if sign_in else "nobody"))
            return HTTPStatus.UNAUTHORIZED, b"{}", []
        if path == "documents/search/":
            return HTTPStatus.OK, sign_in.passages, []
        return HTTPStatus.OK, json.dumps({"email": sign_in.account, "name": "Ada", "email_verified": True}).encode(), []

    def _renewal(self, token: str) -> Answer:
        now = time.time()
        sign_in = self._refresh.pop(token, None)
        if sign_in is None:
            self.reused.append((now, self._used[token].account if token in self._used else "nobody"))
            return HTTPStatus.UNAUTHORIZED, b"{}", []
        self._used[token] = sign_in
        due = sign_in.given[-1] + (self.life_seconds or 0) - REFRESH_AHEAD_SECONDS
        if now < due - SLACK_SECONDS:
            self.early.append((now, sign_in.account))
        return self._tokens(sign_in)

    def _tokens(self, sign_in: SignIn) -> Answer:
        now = time.time()
        access, refresh = secrets.token_urlsafe(200), secrets.token_urlsafe(200)
        life = "" if self.life_seconds is None else f"; Max-Age={self.life_seconds:g}"
        sign_in.given.append(now)
        self._access[access] = sign_in, now + (self.life_seconds or float("inf"))
        self._refresh[refresh] = sign_in
        cookies = (f"access_token={access}; Path=/{life}", f"refresh_token={refresh}; Path=/")
        return HTTPStatus.OK, b"", [(b"set-cookie", cookie.encode()) for cookie in cookies]

    def _asked(self) -> dict[str, Any]:
        given = defaultdict[str, list[list[float]]](list)
        for each in self.sign_ins:
            given[each.account].append(each.given)
        return {"given": given, "early": self.early, "reused": self.reused, "refused": self.refused}


if __name__ == "__main__":
    # It keeps connections longer than its clients do, so that it never closes one on which a client asks just then.
    port, life = int(sys.argv[1]), float(sys.argv[2]) if sys.argv[2:] else None
    uvicorn.run(
        Upstream(life), port=port, http="h11", lifespan="off", log_config=None, access_log=False, timeout_keep_alive=75
    )
