"""An authorization server over HTTP on this machine: it signs with PyJWT, and says what the tokens hold that it keeps.

It knows no people: a test says for whom a token is. ``tests/interop`` has a whole one.
"""

import base64
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

from pydantic import SecretStr
from rememberizer_mcp.server.api.issuer_requests import IssuerClient
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from tests.support.ports import site_of
from tests.support.signing import Key

RESOURCE = "http://127.0.0.1:9000/mcp"
OURS = IssuerClient(client_id="our:server", client_secret=SecretStr("canary secret+of the server"))
METADATA, CONFIGURATION = "/.well-known/oauth-authorization-server", "/.well-known/openid-configuration"
JWKS, INTROSPECTION, AUTHORIZATION, TOKEN = "/keys", "/introspection", "/authorization?by=us", "/token"
Answer = Callable[[Request], Response | Awaitable[Response]]


class AuthorizationServer:
    """The application, what it was asked, and the tokens that it gives.

    ``answers`` maps a path to what answers in place of the usual; ``asked`` has the paths in order.
    """

    def __init__(self, path: str = "", *, keys: Sequence[Key] = (Key(),)) -> None:
        self.keys = list(keys)
        """The newest first, which signs."""
        self.url = path
        self.path = path
        self.metadata: dict[str, Any] = {}
        """What the metadata hold besides, or in place of the usual."""
        self.answers: dict[str, Answer] = {}
        self.asked: list[str] = []
        self._held: dict[str, dict[str, Any]] = {}
        self._codes: dict[str, str] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        self.asked.append(request.url.path)
        answer = self.answers.get(request.url.path) or self._usual().get(request.url.path, _nothing)
        given = answer(request)
        response = given if isinstance(given, Response) else await given
        await response(scope, receive, send)

    def claims(self, **changed: Any) -> dict[str, Any]:
        """What a good token holds; a claim that is None is left out."""
        usual = {"iss": self.url, "aud": RESOURCE, "exp": int(time.time()) + 600, "sub": "ada", "client_id": "desktop"}
        return {name: value for name, value in (usual | changed).items() if value is not None}

    def signed(self, **changed: Any) -> str:
        """A JWT."""
        return self.keys[0].sign(self.claims(**changed))

    def opaque(self, **changed: Any) -> str:
        """A token that only the issuer can read."""
        token = f"canary-opaque-{len(self._held)}"
        self._held[token] = self.claims(**changed) | {"active": True}
        return token

    def revoked(self) -> str:
        """One that the issuer took back before it was ever shown."""
        token = self.opaque()
        self.revoke(token)
        return token

    def revoke(self, token: str) -> None:
        del self._held[token]

    def code(self, **changed: Any) -> str:
        """What brings our client an ID token; it works once."""
        code = f"canary-code-{len(self._codes)}"
        claims = self.claims(**{"aud": OURS.client_id, "client_id": None} | changed)
        self._codes[code] = self.keys[0].sign(claims, typ="JWT")
        return code

    def describe(self, _: Request) -> Response:
        """The metadata."""
        ends = {
            "jwks_uri": self.url + JWKS,
            "introspection_endpoint": self.url + INTROSPECTION,
            "authorization_endpoint": self.url + AUTHORIZATION,
            "token_endpoint": self.url + TOKEN,
        }
        return JSONResponse({"issuer": self.url, **ends, **self.metadata})

    def _usual(self) -> dict[str, Answer]:
        return {
            METADATA + self.path: self.describe,
            self.path + JWKS: lambda _: JSONResponse({"keys": [key.public_jwk for key in self.keys]}),
            self.path + INTROSPECTION: self._introspection,
            self.path + TOKEN: self.exchange,
        }

    async def _introspection(self, request: Request) -> Response:
        form = await request.form()
        if not self._is_ours(request, form):
            return JSONResponse({"error": "invalid_client"}, 401)
        return JSONResponse(self._held.get(str(form["token"]), {"active": False}))

    def _is_ours(self, request: Request, form: FormData) -> bool:
        """Whether it is our client that asks, in the way that the metadata name."""
        if self.metadata.get("introspection_endpoint_auth_methods_supported") == ["client_secret_post"]:
            return (form.get("client_id"), form.get("client_secret")) == (OURS.client_id, FORM_SECRET)
        return request.headers.get("Authorization") == BASIC

    async def exchange(self, request: Request) -> Response:
        """What a code brings (RFC 6749 §4.1.4)."""
        form = await request.form()
        id_token = self._codes.pop(str(form["code"]), None)
        if id_token is None or not self._is_ours(request, form):
            return JSONResponse({"error": "invalid_grant"}, 400)
        return JSONResponse({"id_token": id_token, "access_token": "canary-access-token", "token_type": "Bearer"})


FORM_SECRET = OURS.client_secret.get_secret_value()
BASIC = "Basic " + base64.b64encode(b"our%3Aserver:canary+secret%2Bof+the+server").decode()


def _nothing(_: Request) -> Response:
    return Response(status_code=404)


@asynccontextmanager
async def issuing(path: str = "", *, keys: Sequence[Key] = (Key(),)) -> AsyncIterator[AuthorizationServer]:
    """Serve one while the body runs, below this path."""
    server = AuthorizationServer(path, keys=keys)
    async with site_of(server) as origin:
        server.url = origin + path
        yield server
