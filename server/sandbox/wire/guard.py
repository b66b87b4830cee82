"""Who may ask on the loopback port, and under which key."""

import hmac
from ipaddress import ip_address

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from ...loopback import HOST, is_asked_here

_NAMES = (HOST, "localhost")


class Guard:
    """Serves pages below a secret first path segment, and another application elsewhere; both to this machine only."""

    def __init__(self, pages: ASGIApp, *, key: str, otherwise: ASGIApp) -> None:
        self._pages = pages
        self._key = key
        self._otherwise = otherwise

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        await self._chosen(scope)(scope, receive, send)

    def _chosen(self, scope: Scope) -> ASGIApp:
        if not (_is_loopback(scope) and is_asked_here(scope, names=_NAMES)):
            return JSONResponse({"detail": "This sandbox answers its own address on this machine only."}, 403)
        first_segment = scope["path"].lstrip("/").partition("/")[0]
        if hmac.compare_digest(first_segment.encode(), self._key.encode()):
            scope["root_path"] = f"/{self._key}"
            return self._pages
        return self._otherwise


def _is_loopback(scope: Scope) -> bool:
    client = scope["client"]
    return client is not None and ip_address(client[0]).is_loopback
