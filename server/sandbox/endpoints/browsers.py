"""Who is signed in to the consent page, by a cookie of its own that no other part of the sandbox takes."""

import hmac
import re

from starlette.requests import Request
from starlette.responses import Response

from ..config import AUTHORIZE_PATH, SandboxConfig
from ..data.database import Database
from ..data.tokens import TokenTable

_COOKIE = "sandbox_browser"
_SECONDS = 600
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")


class Browsers:
    """Each browser has a random token; signing in gives it another one, which the database knows."""

    def __init__(self, database: Database, config: SandboxConfig) -> None:
        self._signed_in = TokenTable(database, "browser_sessions", config.now)
        self._secret = database.secret("browser_sessions")
        self._now = config.now

    def sign_in(self, account_id: int) -> str:
        """Give the token of a browser that has just signed in."""
        return self._signed_in.issue(account_id=account_id, expires_at=self._now() + _SECONDS)

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


def token_of(request: Request) -> str:
    """Give the token in the request's cookie, or ""."""
    token = request.cookies.get(_COOKIE, "")
    return token if _TOKEN.fullmatch(token) else ""


def hand_out(token: str, response: Response) -> None:
    """Set the cookie, for this page only and for ten minutes."""
    response.set_cookie(_COOKIE, token, max_age=_SECONDS, path=AUTHORIZE_PATH, httponly=True, samesite="lax")
