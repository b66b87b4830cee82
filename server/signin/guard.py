"""Which requests the pages answer, and how large a form may be (S32, S39)."""

from contextlib import suppress
from http import HTTPStatus
from urllib.parse import parse_qsl, urlsplit

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
ANOTHER_PUBLIC_ADDRESS = (
    "This page answers under its own address only: open the link exactly as your assistant gave it.\n"
)
ANOTHER_USER = (
    "This sign-in page belongs to another user of this computer. Open the link as the user under whom the program "
    "runs that gave it.\n"
)


class Guard:
    """Admits requests to the pages' own address, and posts from the pages themselves.

    Another user of this machine can see a link in the browser's command line. So at a port of this machine a connection
    that is known to be another user's is refused.

    Args:
        public_origin: Scheme, host and port of the pages, if they are not at a port of this machine.
    """

    def __init__(self, app: ASGIApp, *, public_origin: str | None = None) -> None:
        self._app = app
        self._public_origin = public_origin

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        is_named = scope["method"] in ("GET", "HEAD") or "origin" in Headers(scope=scope)
        app, public = self._app, self._public_origin
        if public is None and scope["state"]["is_another_users"]():
            app = PlainTextResponse(ANOTHER_USER, HTTPStatus.FORBIDDEN)
        elif not (is_named and (_is_asked_at(public, scope) if public else is_asked_here(scope))):
            app = PlainTextResponse(ANOTHER_PUBLIC_ADDRESS if public else ANOTHER_ADDRESS, HTTPStatus.FORBIDDEN)
        await app(scope, receive, send)


def _is_asked_at(origin: str, scope: Scope) -> bool:
    """Whether a request names this origin by its only Host, and as its Origin if it has one."""
    headers = Headers(scope=scope)
    hosts, origins = [host.lower() for host in headers.getlist("host")], headers.getlist("origin")
    return hosts == [urlsplit(origin).netloc] and all(each == origin for each in origins)


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
