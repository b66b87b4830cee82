"""Who may ask the page, and how much it reads (S32, S39)."""

from collections.abc import Mapping
from http import HTTPStatus
from urllib.parse import parse_qsl

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .listener import LOOPBACK
from .peers import Peer

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
    """Admits requests to this very address, and posts from its own pages; every reply carries the pages' headers.

    So neither DNS rebinding nor a page of another origin gets anywhere, and a browser does nothing else with the page.
    Other users of this machine can see the link in the browser's command line: they are refused where they are known.
    """

    def __init__(self, app: ASGIApp, *, port: int, headers: Mapping[str, str]) -> None:
        self._app = app
        self._host = f"{LOOPBACK}:{port}"
        self._headers = headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(self._headers)
            await send(message)

        await self._chosen(scope)(scope, receive, send_with_headers)

    def _chosen(self, scope: Scope) -> ASGIApp:
        peer: Peer = scope["state"]["peer"]
        if peer.is_another_user:
            return PlainTextResponse(ANOTHER_USER, HTTPStatus.FORBIDDEN)
        return self._app if self._admits(scope) else PlainTextResponse(ANOTHER_ADDRESS, HTTPStatus.FORBIDDEN)

    def _admits(self, scope: Scope) -> bool:
        headers = Headers(scope=scope)
        origins = headers.getlist("origin")
        needs_origin = scope["method"] not in ("GET", "HEAD")
        return (
            headers.getlist("host") == [self._host]
            and all(origin == f"http://{self._host}" for origin in origins)
            and (bool(origins) or not needs_origin)
        )


class UnreadableForm(Exception):
    """The body of a post is too large, or is no form."""


async def read_fields(request: Request) -> dict[str, str]:
    """The fields of a posted form.

    Raises:
        UnreadableForm: Over 32 KB, over 16 fields, or not text.
    """
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_BODY_BYTES:
            raise UnreadableForm
    try:
        pairs = parse_qsl(body.decode("ascii"), errors="strict", max_num_fields=MOST_FIELDS)
    except ValueError as error:
        raise UnreadableForm from error
    return dict(pairs)
