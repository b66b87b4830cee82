"""`auth/oauth2/token/` (rememberizer-api.md §2); the page before it is in `consent.py`."""

import math
from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from ..config import RegisteredApp, app_of
from ..data.grants import Grant
from ..data.refusals import Refusal
from ..wire.forms import read_urlencoded
from .services import Services


def routes(services: Services) -> list[Route]:
    """Give the routes of this family."""
    return [Route("/auth/oauth2/token/", TokenEndpoint(services).token, methods=["POST"])]


class OAuthError(Exception):
    """The request gets no token; `code` is one of RFC 6749 §5.2."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class TokenEndpoint:
    """Gives registered apps tokens for codes and for refresh tokens."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._config = services.config
        self._variants = services.config.variants

    async def token(self, request: Request) -> JSONResponse:
        """Answer one request. The error bodies are RFC 6749's, whatever shape the others have."""
        try:
            grant = self._grant(await _read(request))
        except OAuthError as error:
            return JSONResponse({"error": error.code}, status_code=self._status(error.code))
        content: dict[str, object] = {"access_token": grant.tokens.access, "token_type": "Bearer", "scope": grant.scope}
        if self._variants.oauth_expires_in:
            content["expires_in"] = math.ceil(self._config.access_seconds)
        if grant.tokens.refresh is not None:
            content["refresh_token"] = grant.tokens.refresh
        return JSONResponse(content)

    def _grant(self, fields: Mapping[str, str]) -> Grant:
        app = self._app(fields)
        match _required(fields, "grant_type"):
            case "authorization_code":
                grant = self._services.grants.exchange(
                    _required(fields, "code"),
                    client_id=app.client_id,
                    redirect_uri=_required(fields, "redirect_uri"),
                    verifier=fields.get("code_verifier", ""),
                )
            case "refresh_token":
                grant = self._services.grants.renew(_required(fields, "refresh_token"), client_id=app.client_id)
            case _:
                raise OAuthError("unsupported_grant_type")
        if grant is None:
            raise OAuthError("invalid_grant")
        return grant

    def _app(self, fields: Mapping[str, str]) -> RegisteredApp:
        app = app_of(fields.get("client_id", ""), self._config.apps)
        if app is None or not app.has_secret(fields.get("client_secret", "")):
            raise OAuthError("invalid_client")
        return app

    def _status(self, code: str) -> int:
        status = self._variants.oauth_error_status
        return 401 if status == 400 and code == "invalid_client" else status  # noqa: PLR2004 - the contract's figures


async def _read(request: Request) -> Mapping[str, str]:
    try:
        return await read_urlencoded(request)
    except Refusal as refusal:
        raise OAuthError("invalid_request") from refusal


def _required(fields: Mapping[str, str], name: str) -> str:
    if not fields.get(name):
        raise OAuthError("invalid_request")
    return fields[name]
