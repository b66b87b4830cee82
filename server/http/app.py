"""``http_app``: the ASGI application: MCP at ``/mcp`` in both eras, and the operator's ``/healthz`` and ``/readyz``."""

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from mcp.server.mcpserver import MCPServer
from mcp.server.transport_security import TransportSecuritySettings
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..clients import Clients
from .bodies import Bodies
from .challenge import Challenge
from .own_sessions import OwnSessions
from .principal import owner_of

PATH = "/mcp"
METRICS_PATH = "/metrics"
"""At a port of its own."""
METADATA_PATH = "/.well-known/oauth-protected-resource"
LOOPBACK_NAMES = ("127.0.0.1", "localhost", "[::1]")


class Answers:
    """Middleware that knows which requests are still to be answered.

    A GET may stay open for good and doesn't count, nor does a request whose body is not there yet: it may never come.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._owed = 0
        self.are_ending = False
        """Whether no more requests should come: who keeps a connection hears of it with the answer to the next."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the application answer, and count the request meanwhile."""
        if scope["type"] != "http" or scope["method"] == "GET":
            await self._listened_to(scope, receive, send)
            return
        is_whole = False

        async def receive_unowed() -> Message:
            nonlocal is_whole
            if is_whole:
                return await receive()
            self._owed -= 1
            try:
                message = await receive()
            finally:
                self._owed += 1
            is_whole = not message.get("more_body", False)
            return message

        async def send_last(message: Message) -> None:
            if self.are_ending and message["type"] == "http.response.start":
                others = (each for each in message.get("headers", ()) if each[0] != b"connection")  # such as keep-alive
                message["headers"] = [*others, (b"connection", b"close")]
            await send(message)

        self._owed += 1
        try:
            await self._app(scope, receive_unowed, send_last)
        finally:
            self._owed -= 1

    @property
    def are_owed(self) -> bool:
        """Whether a request has no answer yet."""
        return self._owed > 0

    async def _listened_to(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Give a stream that the end cut its last chunk, or the client and uvicorn take it for broken."""
        is_open = False

        async def note_and_send(message: Message) -> None:
            nonlocal is_open
            is_open = message["type"] == "http.response.start" or message.get("more_body", False)
            await send(message)

        await self._app(scope, receive, note_and_send)
        if is_open:
            await send({"type": "http.response.body"})


class NoStreams:
    """Middleware where a session of 2025-11-25 belongs to no process: a GET, which would wait for its news, gets 405.

    A request without a usable token, where one is needed, goes on to its 401.
    """

    def __init__(self, app: ASGIApp, *, needs_token: bool) -> None:
        self._app = app
        self._needs_token = needs_token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a GET, and let the application answer the rest."""
        app = self._app
        is_get = scope["type"] == "http" and scope["method"] == "GET" and scope["path"] == PATH
        if is_get and (not self._needs_token or owner_of()):
            app = PlainTextResponse("", HTTPStatus.METHOD_NOT_ALLOWED, headers={"Allow": "POST"})
        await app(scope, receive, send)


def http_app(server: MCPServer[Any], *, port: int, clients: Clients) -> Answers:
    """What answers on this port, at the public URL or else on this machine only.

    Host and Origin are checked at ``/mcp``, so that no web page reaches the server through a person's browser (S32).
    Where processes share sessions, any of them can answer any request of either era.
    """
    authorization = clients.authorization
    security = _of_address(authorization.url) if authorization else _of_this_machine(port)
    is_stateless = clients.shared is not None
    app = server.streamable_http_app(
        streamable_http_path=PATH, stateless_http=is_stateless, transport_security=security
    )
    app.add_middleware(Bodies)
    if authorization:
        app.routes.extend([*_metadata_at_root(app), authorization.pages.mount()])
        app.add_middleware(Challenge, resource=authorization.url + PATH)
    if is_stateless:
        app.user_middleware.append(Middleware(NoStreams, needs_token=authorization is not None))
    elif authorization:
        app.user_middleware.append(Middleware(OwnSessions))
    app.router.redirect_slashes = False  # a redirect would lead to an http address, whatever is before this server
    answers = Answers(app)
    app.routes.extend(_health(answers, clients))
    return answers


def _metadata_at_root(app: Starlette) -> Iterator[Route]:
    """The protected-resource metadata once more, where clients look that don't know the path (RFC 9728 §3.1)."""
    for route in app.routes:
        if isinstance(route, Route) and route.path == METADATA_PATH + PATH:
            yield Route(METADATA_PATH, route.endpoint, methods=list(route.methods or ()))


def _of_address(url: str) -> TransportSecuritySettings:
    return TransportSecuritySettings(allowed_hosts=[urlsplit(url).netloc], allowed_origins=[url])


def _of_this_machine(port: int) -> TransportSecuritySettings:
    hosts = [f"{name}:{port}" for name in LOOPBACK_NAMES]
    return TransportSecuritySettings(allowed_hosts=hosts, allowed_origins=[f"http://{host}" for host in hosts])


def _health(answers: Answers, clients: Clients) -> list[Route]:
    authorization, shared = clients.authorization, clients.shared

    async def health(_: Request) -> PlainTextResponse:
        return PlainTextResponse("ok\n")

    async def readiness(_: Request) -> PlainTextResponse:
        is_ready = (
            not answers.are_ending
            and (authorization is None or await authorization.issuer.is_known())
            and (shared is None or await shared.is_there())
        )
        status = HTTPStatus.OK if is_ready else HTTPStatus.SERVICE_UNAVAILABLE
        return PlainTextResponse(f"{status.phrase}\n", status)

    return [Route("/healthz", health), Route("/readyz", readiness)]
