"""Which requests the pages answer, and how large a form may be (S32, S39)."""

from contextlib import suppress
from http import HTTPStatus
from urllib.parse import parse_qsl

from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from ..loopback import is_asked_here

MOST_BODY_BYTES = 32 * 1024
MOST_FIELDS = 16
ANOTHER_ADDRESS = (
    "This page answers under its own address only: open the link exactly as your assistant gave it, with 127.0.0.1 and "
    "the same port. If you forward the port from another machine, use the same port number on both.\n"
)
ANOTHER_USER = (
    "This sign-in page belongs to another user of this computer. Open the link as the user under whom the program "
    "runs that gave it.\n"
)


class Guard:
    """Admits requests to the pages' own address, and posts from the pages themselves.

    Another user of this machine can see a link in the browser's command line. A connection that is known to be another
    user's is refused.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        is_named = scope["method"] in ("GET", "HEAD") or "origin" in Headers(scope=scope)
        app = self._app
        if scope["state"]["is_another_users"]():
            app = PlainTextResponse(ANOTHER_USER, HTTPStatus.FORBIDDEN)
        elif not (is_named and is_asked_here(scope)):
            app = PlainTextResponse(ANOTHER_ADDRESS, HTTPStatus.FORBIDDEN)
        await app(scope, receive, send)


async def read_fields(request: Request) -> dict[str, str]:
    """Read the fields of a posted form: none if it has over 32 KB or 16 fields, is no text, or its sender goes away."""
    body = b""
    with suppress(ClientDisconnect, ValueError):
        async for chunk in request.stream():
            body += chunk
            if len(body) > MOST_BODY_BYTES:
                return {}
        return dict(parse_qsl(body.decode("ascii"), errors="strict", max_num_fields=MOST_FIELDS))
    return {}
