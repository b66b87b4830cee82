"""A person's browser on the consent page, and the app that it comes from."""

import re
from html import unescape
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx
from rememberizer_mcp.server.api.oauth import pkce_challenge
from rememberizer_mcp.server.sandbox.app import Sandbox
from rememberizer_mcp.server.sandbox.config import (
    AUTHORIZE_PATH,
    SANDBOX_OAUTH_CLIENT_ID,
    SANDBOX_OAUTH_CLIENT_SECRET,
)

from tests.server.sandbox.support import API, EMAIL, PASSWORD, WAIT_SECONDS

CALLBACK = "http://127.0.0.1:7001/oauth/callback"
VERIFIER = "a-verifier-that-is-as-long-as-it-has-to-be-0"
ASKED = {
    "client_id": SANDBOX_OAUTH_CLIENT_ID,
    "response_type": "code",
    "redirect_uri": CALLBACK,
    "state": "the-app's-own",
    "scope": "offline_access",
    "code_challenge": pkce_challenge(VERIFIER),
    "code_challenge_method": "S256",
}
FORM = {
    "client_id": SANDBOX_OAUTH_CLIENT_ID,
    "client_secret": SANDBOX_OAUTH_CLIENT_SECRET,
    "redirect_uri": CALLBACK,
}


class Browser(httpx.AsyncClient):
    """Opens the page at an address, or of a sandbox in process, and fills its forms in as a person does."""

    def __init__(self, at: str | Sandbox, /, **asked: str | None) -> None:
        transport = None if isinstance(at, str) else httpx.ASGITransport(app=at.app)
        super().__init__(transport=transport, trust_env=False, timeout=WAIT_SECONDS)
        address = at if isinstance(at, str) else f"http://sandbox.test{AUTHORIZE_PATH}"
        query = {name: value for name, value in (ASKED | asked).items() if value is not None}
        self.address = f"{address}?{urlencode(query)}"
        self.origin: str | None = address.removesuffix(AUTHORIZE_PATH)
        self.page: httpx.Response

    async def open(self) -> httpx.Response:
        self.page = await self.get(self.address)
        return self.page

    async def press(self, decision: str, /, **fields: str) -> httpx.Response:
        """Send the form of the page that is open."""
        found = re.search(r'name="form_token" value="([^"]*)"', self.page.text)
        token = {"form_token": found[1]} if found else {}
        headers = {"Origin": self.origin} if self.origin else {}
        self.page = await self.post(self.address, data=token | {"decision": decision} | fields, headers=headers)
        return self.page

    async def sign_in(self, login: str = EMAIL, password: str = PASSWORD) -> httpx.Response:
        """Open the page, sign in, and follow to the consent."""
        await self.open()
        response = await self.press("sign-in", login=login, password=password)
        if response.status_code == 303:
            self.page = await self.get(httpx.URL(self.address).join(response.headers["location"]))
        return self.page

    async def code(self, **fields: str) -> str:
        """Sign in and authorize."""
        await self.sign_in()
        return answer_of(await self.press("authorize", **{"memento": "all", **fields}))["code"]

    async def grant(self, api: API, /, **changes: Any) -> httpx.Response:
        """The whole way to the tokens."""
        return await exchange(api, await self.code(), **changes)

    @property
    def alert(self) -> str:
        found = re.search(r'role="alert"[^>]*>(.*?)</p>', self.page.text)
        return unescape(found[1]) if found else ""


def answer_of(response: httpx.Response, *, callback: str = CALLBACK) -> dict[str, str]:
    """What the browser brings back to the app."""
    assert response.status_code == 303
    url = urlsplit(response.headers["location"])
    assert url._replace(query="").geturl() == callback
    return dict(parse_qsl(url.query, strict_parsing=True))


async def ask_token(api: API, /, **fields: str | None) -> httpx.Response:
    form = {name: value for name, value in (FORM | fields).items() if value is not None}
    return await api.post("auth/oauth2/token/", data=form)


async def exchange(api: API, code: str, /, **changes: str | None) -> httpx.Response:
    fields = {"grant_type": "authorization_code", "code": code, "code_verifier": VERIFIER}
    return await ask_token(api, **(fields | changes))


async def renew(api: API, refresh: str, /, **changes: str | None) -> httpx.Response:
    return await ask_token(api, **({"grant_type": "refresh_token", "refresh_token": refresh} | changes))
