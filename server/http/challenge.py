"""``Challenge``: what a client is told whose token the SDK's middleware did not get, or could not have checked."""

from http import HTTPStatus

from mcp.server.auth.routes import build_resource_metadata_url
from pydantic import AnyHttpUrl
from starlette.datastructures import Headers
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..api.issuer_requests import IssuerUnavailable


class Challenge:
    """Middleware around the SDK's.

    A request without a token gets a challenge without an error (RFC 6750 §3.1). While nobody knows whether a token is
    valid, the answer is 503: after a 401 clients throw their tokens away.

    Args:
        resource: This server's URL, as in its protected-resource metadata.
    """

    def __init__(self, app: ASGIApp, *, resource: str) -> None:
        self._app = app
        self._challenge = f'Bearer resource_metadata="{build_resource_metadata_url(AnyHttpUrl(resource))}"'

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or let the application do so."""
        is_challenged = False

        async def send_or_challenge(message: Message) -> None:
            nonlocal is_challenged
            if message.get("status") == HTTPStatus.UNAUTHORIZED and not _shows_token(scope):
                is_challenged = True
                bare = Response(status_code=HTTPStatus.UNAUTHORIZED, headers={"WWW-Authenticate": self._challenge})
                await bare(scope, receive, send)
            elif not is_challenged:
                await send(message)

        try:
            await self._app(scope, receive, send_or_challenge)
        except IssuerUnavailable as unavailable:
            again = {"Retry-After": str(unavailable.retry_after_seconds)}
            told = {"error": "temporarily_unavailable", "error_description": "The authorization server can't be asked."}
            await JSONResponse(told, HTTPStatus.SERVICE_UNAVAILABLE, again)(scope, receive, send)


def _shows_token(scope: Scope) -> bool:
    """Whether the SDK takes the request for one with a token."""
    return Headers(scope=scope).get("Authorization", "").lower().startswith("bearer ")
