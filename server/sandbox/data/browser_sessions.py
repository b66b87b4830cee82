"""Who is signed in to the consent page, by a cookie of its own that no other part of the sandbox takes."""

import hmac
import re
import secrets
from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response

from ..config import AUTHORIZE_PATH
from .access_tokens import digest
from .database import Database

COOKIE = "sandbox_browser"
SECONDS = 600
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")


class BrowserSessions:
    """Each browser has a random token; signing in gives it another one, which the database knows."""

    def __init__(self, database: Database, now: Callable[[], float]) -> None:
        self._database = database
        self._now = now
        self._secret = database.secret("browser_sessions")

    def begin(self, account_id: int) -> str:
        """Give the token of a browser that has just signed in, and forget those that have expired."""
        token = new_token()
        self._database.run("DELETE FROM browser_sessions WHERE expires_at <= ?", self._now())
        self._database.run(
            "INSERT INTO browser_sessions VALUES (?, ?, ?)", digest(token), account_id, self._now() + SECONDS
        )
        return token

    def account_id(self, token: str) -> int | None:
        """Give the account that is signed in, if one is."""
        row = self._database.one(
            "SELECT account_id FROM browser_sessions WHERE digest = ? AND expires_at > ?", digest(token), self._now()
        )
        return None if row is None else int(row["account_id"])

    def end(self, token: str) -> None:
        """Sign out."""
        self._database.run("DELETE FROM browser_sessions WHERE digest = ?", digest(token))

    def form_token(self, token: str) -> str:
        """Give what a form of this browser carries, so that no other site can send one."""
        return hmac.digest(self._secret, token.encode(), "sha256").hex()

    def is_own(self, form_token: str, token: str) -> bool:
        """Tell whether a form was made for this browser."""
        return hmac.compare_digest(self.form_token(token).encode(), form_token.encode())


def new_token() -> str:
    """Make 256 random bits."""
    return secrets.token_urlsafe(32)


def browser_token(request: Request) -> str:
    """Give the token in the request's cookie, or ""."""
    token = request.cookies.get(COOKIE, "")
    return token if _TOKEN.fullmatch(token) else ""


def set_browser_token(response: Response, token: str) -> None:
    """Hand the token out, for this page only and for ten minutes."""
    response.set_cookie(COOKIE, token, max_age=SECONDS, path=AUTHORIZE_PATH, httponly=True, samesite="lax")
