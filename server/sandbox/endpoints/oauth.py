"""`auth/oauth2/token/` (rememberizer-api.md §2); the page before it is in `consent.py`."""

import hmac
import math
from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import JSONResponse

from ..config import OFFLINE_ACCESS
from ..data.refusals import Refusal
from ..data.tokens import Tokens
from ..wire.forms import read_urlencoded
from ..wire.shapes import Shape
from .base import Endpoints, answers


class OAuthError(Exception):
    """The request gets no token; the argument is one of the codes of RFC 6749 §5.2."""


class TokenEndpoint(Endpoints):
    """Gives registered apps tokens for codes and for refresh tokens."""

    @answers("POST", "/auth/oauth2/token/")
    async def token(self, request: Request) -> object:
        """Answer one request. The error bodies are RFC 6749's, whatever shape the others have."""
        try:
            tokens, scope = self._exchange(await read_urlencoded(request))
        except OAuthError as error:
            return self._refused(str(error))
        except Refusal:
            return self._refused("invalid_request")
        content: Shape = {"access_token": tokens.access, "token_type": "Bearer", "scope": scope}
        if self.variants.oauth_expires_in:
            content["expires_in"] = math.ceil(self.config.access_seconds)
        if tokens.refresh is not None:
            content["refresh_token"] = tokens.refresh
        return content

    def _exchange(self, fields: Mapping[str, str]) -> tuple[Tokens, str]:
        """Give tokens and their scope. Only offline access ever has a refresh token."""
        app = self.config.app(fields.get("client_id", ""))
        if app is None or not hmac.compare_digest(app.client_secret.encode(), fields.get("client_secret", "").encode()):
            raise OAuthError("invalid_client")
        match _required(fields, "grant_type"):
            case "authorization_code":
                granted = self.services.oauth_codes.exchange(
                    _required(fields, "code"),
                    client_id=app.client_id,
                    redirect_uri=_required(fields, "redirect_uri"),
                    verifier=fields.get("code_verifier", ""),
                )
            case "refresh_token":
                tokens = self.services.families.renew(_required(fields, "refresh_token"), client_id=app.client_id)
                granted = (tokens, OFFLINE_ACCESS) if tokens else None
            case _:
                raise OAuthError("unsupported_grant_type")
        if granted is None:
            raise OAuthError("invalid_grant")
        return granted

    def _refused(self, code: str) -> JSONResponse:
        status: int = self.variants.oauth_error_status
        if status == 400 and code == "invalid_client":  # noqa: PLR2004 - the contract's figures
            status = 401
        return JSONResponse({"error": code}, status_code=status)


def _required(fields: Mapping[str, str], name: str) -> str:
    if not fields.get(name):
        raise OAuthError("invalid_request")
    return fields[name]
