"""The test's authorization server with people: it knows who sits at a browser by a cookie, and lets them in at once."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlencode

from rememberizer_mcp.server.api.oauth import pkce_challenge
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from tests.support.issuer import AUTHORIZATION, OURS, Answer, AuthorizationServer
from tests.support.ports import site_of

PERSON = "person_at_the_issuer"
"""The cookie; its value is the subject. Where there is none, nobody is let in."""


class PeoplesServer(AuthorizationServer):
    """``said`` stands in each ID token in place of the usual, ``given`` has what was given to browsers and to us."""

    def __init__(self) -> None:
        super().__init__()
        self.said: dict[str, Any] = {}
        self.given: list[str] = []
        self._asked: dict[str, dict[str, str]] = {}

    async def token(self, person: str, client: str, *, resource: str) -> str:
        """An access token."""
        return self.signed(sub=person, client_id=client, aud=resource)

    def _usual(self) -> dict[str, Answer]:
        return super()._usual() | {AUTHORIZATION.partition("?")[0]: self._authorize}

    def _authorize(self, request: Request) -> Response:
        asked = dict(request.query_params)
        fixed = ("by", "client_id", "response_type", "scope", "code_challenge_method")
        assert [asked[name] for name in fixed] == ["us", OURS.client_id, "code", "openid", "S256"]
        answer = {"error": "access_denied"}
        if person := request.cookies.get(PERSON):
            code = self.code(**{"sub": person, "nonce": asked["nonce"]} | self.said)
            self._asked[code] = asked
            answer = {"code": code}
        back = f"{asked['redirect_uri']}?{urlencode({**answer, 'state': asked['state']})}"
        self.given += answer.values()
        return RedirectResponse(back, 303)

    async def exchange(self, request: Request) -> Response:
        """What a code brings whom it was given to (RFC 7636 §4.6)."""
        form = {name: str(value) for name, value in (await request.form()).items()}
        asked = self._asked.get(form["code"], {})
        shown = (pkce_challenge(form["code_verifier"]), form["redirect_uri"], form["grant_type"])
        if shown != (asked.get("code_challenge"), asked.get("redirect_uri"), "authorization_code"):
            return JSONResponse({"error": "invalid_grant"}, 400)
        self.given += [self._codes.get(form["code"], ""), form["code_verifier"]]
        return await super().exchange(request)


@asynccontextmanager
async def peoples_issuer() -> AsyncIterator[PeoplesServer]:
    """Serve one while the body runs."""
    server = PeoplesServer()
    async with site_of(server) as origin:
        server.url = origin
        yield server
