"""Who may ask on the loopback port, and under which key."""

import hmac
from ipaddress import ip_address

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from ..config import LOOPBACK

_HTTP_PORT = 80  # browsers leave it out of Host and Origin


class LoopbackGuard:
    """Answers 403 to a client off loopback, a Host that is not this address, or an Origin other than it.

    So no web page elsewhere can reach the sandbox through the person's browser, by DNS rebinding or otherwise
    (security.md S32).
    """

    def __init__(self, app: ASGIApp, *, port: int) -> None:
        self._app = app
        suffixes = [f":{port}", *([""] if port == _HTTP_PORT else [])]
        self._hosts = {name + suffix for name in (LOOPBACK, "localhost") for suffix in suffixes}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if self._admits(scope):
            await self._app(scope, receive, send)
        else:
            refusal = JSONResponse({"detail": "This sandbox answers its own address on this machine only."}, 403)
            await refusal(scope, receive, send)

    def _admits(self, scope: Scope) -> bool:
        headers = Headers(scope=scope)
        hosts = headers.getlist("host")
        origins = headers.getlist("origin")
        return (
            _is_loopback(scope)
            and len(hosts) == 1
            and hosts[0].lower() in self._hosts
            and all(origin == f"http://{hosts[0].lower()}" for origin in origins)
        )


class KeyedPages:
    """Serves pages below a secret first path segment. Any other path goes to another application."""

    def __init__(self, pages: ASGIApp, *, key: str, otherwise: ASGIApp) -> None:
        self._pages = pages
        self._key = key
        self._otherwise = otherwise

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        first_segment = scope["path"].lstrip("/").partition("/")[0]
        if hmac.compare_digest(first_segment.encode(), self._key.encode()):
            await self._pages({**scope, "root_path": f"/{self._key}"}, receive, send)
        else:
            await self._otherwise(scope, receive, send)


def _is_loopback(scope: Scope) -> bool:
    client = scope.get("client")
    return client is not None and ip_address(client[0]).is_loopback
