"""The tokens in a request, and the cookies in a reply."""

import math

from starlette.requests import Request
from starlette.responses import Response

from ..config import SandboxConfig
from ..data.refusals import Refusal
from ..data.tokens import Tokens

REFRESH_COOKIE = "refresh_token"
_PLACEHOLDERS = {
    "YOUR_JWT_TOKEN": "the value of the access cookie",
    "YOUR_REFRESH_TOKEN": f"the value of the cookie {REFRESH_COOKIE}",
}


def bearer_token(request: Request) -> str:
    """Give the token of `Authorization: Bearer`, or ""."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def access_token(request: Request, config: SandboxConfig) -> str:
    """Give the bearer token, else the access cookie, else ""."""
    return bearer_token(request) or request.cookies.get(config.variants.access_cookie, "")


def required(token: str) -> str:
    """Give the token, or refuse with a 401 if it is empty or a placeholder."""
    if not token:
        raise Refusal(401, "not_authenticated", "Authentication credentials were not provided.")
    return filled_in(token)


def filled_in(token: str) -> str:
    """Give the token, or refuse with a 401 what the API documentation's commands have in its place."""
    if token in _PLACEHOLDERS:
        raise Refusal(401, "token_not_valid", f"Put {_PLACEHOLDERS[token]} in place of {token}: signing in sets it.")
    return token


def set_cookies(response: Response, tokens: Tokens, config: SandboxConfig) -> None:
    """Hand out the tokens. Max-Age is in whole seconds, rounded up."""
    _set_cookie(response, config, config.variants.access_cookie, tokens.access, config.access_seconds)
    if tokens.refresh is not None:
        _set_cookie(response, config, REFRESH_COOKIE, tokens.refresh, config.refresh_seconds)


def clear_cookies(response: Response, config: SandboxConfig) -> None:
    """Take both cookies back."""
    _set_cookie(response, config, config.variants.access_cookie, "", 0)
    _set_cookie(response, config, REFRESH_COOKIE, "", 0)


def _set_cookie(response: Response, config: SandboxConfig, name: str, value: str, seconds: float) -> None:
    secure = config.variants.secure_cookies
    response.set_cookie(name, value, max_age=math.ceil(seconds), httponly=True, samesite="lax", secure=secure)
