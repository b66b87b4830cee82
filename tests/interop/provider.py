"""A whole authorization server, npm's ``oidc-provider``, and people who sign in there and let a client in."""

import json
import secrets
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode

import httpx
from anyio.to_thread import run_sync as in_thread
from rememberizer_mcp.server.api.oauth import pkce_challenge

from tests.interop.client import PREPARED, ROOT
from tests.support.issuer import OURS
from tests.support.process import LONGEST_SECONDS, Process, running
from tests.support.signing import Key
from tests.support.visitor import Visitor

NODE = PREPARED / "issuer" / "node"
COMMANDS = [str(NODE)]
SCRIPT = ROOT / "tests" / "interop" / "issuers" / "oidc_provider.mjs"
CALLBACK = "/callback"
REDIRECT = f"http://127.0.0.1{CALLBACK}"
PAGE_REDIRECT = "http://127.0.0.1/sign-in/issuer/callback"
_APP = {
    "redirect_uris": [REDIRECT, PAGE_REDIRECT],
    "application_type": "native",
    "grant_types": ["authorization_code", "refresh_token"],
}
CLIENTS = [
    {"client_id": "desktop", "token_endpoint_auth_method": "none", **_APP},
    {"client_id": "phone", "token_endpoint_auth_method": "none", **_APP},
    {"client_id": OURS.client_id, "client_secret": OURS.client_secret.get_secret_value(), **_APP},
]


@dataclass
class Provider:
    """The server as a process, and its keys, the newest first."""

    process: Process
    keys: Sequence[Key] = ()
    url: str = ""

    async def sign_with(self, key: Key) -> None:
        """Let it sign with this key from now on, and show the ones before too."""
        self.keys = [key, *self.keys]
        self.process.stdin.write(json.dumps([each.private_jwk for each in self.keys]).encode() + b"\n")
        self.url = (await in_thread(self.process.line)).decode().strip()

    async def tokens(self, person: str = "ada", client: str = "desktop", *, resource: str) -> Any:
        """What a client gets whom this person lets in, in a browser of their own (RFC 6749 §4.1, 7636, 8707)."""
        verifier = secrets.token_urlsafe(32)
        asked = {
            "client_id": client,
            "response_type": "code",
            "redirect_uri": REDIRECT,
            "scope": "openid offline_access notes",
            "prompt": "consent",
            "resource": resource,
            "code_challenge": pkce_challenge(verifier),
            "code_challenge_method": "S256",
        }
        code = (await let_in(f"{self.url}/auth?{urlencode(asked)}", person))["code"]
        form = {"grant_type": "authorization_code", "code": code, "code_verifier": verifier, "redirect_uri": REDIRECT}
        answer = await self._post("/token", {**form, "client_id": client})
        return answer.json()

    async def token(self, person: str = "ada", client: str = "desktop", *, resource: str) -> str:
        """The access token alone."""
        return str((await self.tokens(person, client, resource=resource))["access_token"])

    async def revoke(self, token: str, client: str = "desktop") -> None:
        """Take a token back (RFC 7009)."""
        await self._post("/token/revocation", {"token": token, "client_id": client})

    async def _post(self, path: str, form: Mapping[str, str]) -> httpx.Response:
        async with httpx.AsyncClient(trust_env=False, timeout=LONGEST_SECONDS) as client:
            answer = await client.post(self.url + path, data=form)
        assert answer.status_code == 200, answer.text
        return answer


async def let_in(url: str, person: str) -> dict[str, str]:
    """Sign in at this authorization request, and allow what it asks for; what comes back with the redirect."""

    def visit() -> str:
        with Visitor() as visitor:
            visitor.open(url, until=CALLBACK)
            visitor.press("Sign-in", until=CALLBACK, login=person, password="canary-password")
            visitor.press("Continue", until=CALLBACK)
            return visitor.trail[-1].query.decode()

    return dict(parse_qsl(await in_thread(visit)))


@asynccontextmanager
async def provider(key: Key) -> AsyncIterator[Provider]:
    """Serve while the body runs; it signs with this key."""
    with running(str(SCRIPT), f"{NODE.parent}/", json.dumps(CLIENTS), command=COMMANDS) as process:
        served = Provider(process)
        await served.sign_with(key)
        yield served
        process.stdin.close()
        assert await in_thread(process.popen.wait, LONGEST_SECONDS) == 0
