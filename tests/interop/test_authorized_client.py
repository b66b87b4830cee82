"""The SDK's own client against a whole authorization server, over HTTP in both eras, and who is refused there."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx2
import pytest
from mcp import Client
from mcp.client.auth import AuthorizationCodeResult, OAuthClientProvider
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.auth import OAuthClientInformationFull, OAuthClientMetadata, OAuthToken
from pydantic import AnyUrl
from rememberizer_mcp.server.http.principal import person_of

from tests.interop.provider import COMMANDS, REDIRECT, Provider, let_in
from tests.support.agent import ERAS, Era
from tests.support.authorized import ask, bearer, owner, protected
from tests.support.issuer import RESOURCE
from tests.support.ports import free_port
from tests.support.verifying import verifying

pytestmark = [pytest.mark.needs(*COMMANDS), pytest.mark.promise("authorization:challenge:says-where")]
each_era = pytest.mark.parametrize("era", ERAS)


@dataclass
class Desk:
    """What a client keeps of its sign-in, and the person whom it sends to the browser."""

    person: str
    tokens: OAuthToken | None = None
    client: OAuthClientInformationFull | None = None
    answer: Any = None

    async def get_tokens(self) -> OAuthToken | None:
        return self.tokens

    async def set_tokens(self, tokens: OAuthToken) -> None:
        self.tokens = tokens

    async def get_client_info(self) -> OAuthClientInformationFull | None:
        return self.client

    async def set_client_info(self, client_info: OAuthClientInformationFull) -> None:
        self.client = client_info

    async def open(self, url: str) -> None:
        self.answer = await let_in(url, self.person)

    async def come_back(self) -> AuthorizationCodeResult:
        return AuthorizationCodeResult(**self.answer)


@asynccontextmanager
async def signed_in(url: str, desk: Desk, era: Era) -> AsyncIterator[Client]:
    """A client that knows nothing but the server's URL."""
    metadata = OAuthClientMetadata(redirect_uris=[AnyUrl(REDIRECT)], client_name="a test")
    signs_in = OAuthClientProvider(url, metadata, desk, desk.open, desk.come_back)
    async with httpx2.AsyncClient(auth=signs_in, trust_env=False, timeout=20) as http:
        transport = streamable_http_client(url, http_client=http)
        async with Client(transport, mode=era, read_timeout_seconds=20) as client:
            yield client


@each_era
async def test_a_client_that_knows_only_the_servers_url_brings_its_person_through_the_issuer(
    era: Era, issuer: Provider
) -> None:
    port = free_port()
    resource = f"http://127.0.0.1:{port}/mcp"
    async with verifying(issuer.url, resource=resource) as verifier, protected(verifier, port=port) as url:
        owners = []
        for person in ("ada", "grace"):
            desk = Desk(person)
            async with signed_in(url, desk, era) as client:
                owners.append(person_of(await owner(client)))
    assert url == resource
    assert owners == [(issuer.url, "ada"), (issuer.url, "grace")]


@pytest.mark.promise("authorization:tokens:identity")
@each_era
async def test_over_http_a_token_of_the_issuer_for_this_server_is_served_and_no_other(
    era: Era, issuer: Provider
) -> None:
    given = await issuer.tokens(resource=RESOURCE)
    shown = {
        "its own": given["access_token"],
        "none": None,
        "of its person": given["id_token"],
        "to renew it": given["refresh_token"],
        "for another server": await issuer.token(resource=f"{RESOURCE}/other"),
        "only the issuer can read": await issuer.token(resource=f"{RESOURCE}/opaque"),
    }
    async with verifying(issuer.url) as verifier, protected(verifier) as url:
        statuses = {name: (await ask(url, era, bearer(token))).status_code for name, token in shown.items()}
    assert statuses == dict.fromkeys(shown, 401) | {"its own": 200}


@pytest.mark.promise("sessions:handle:mcp-session-ids")
async def test_over_http_a_session_of_another_person_or_another_client_is_not_found(issuer: Provider) -> None:
    ada, ada_anew, grace, phone = [
        await issuer.token(person, client, resource=RESOURCE)
        for person, client in (("ada", "desktop"), ("ada", "desktop"), ("grace", "desktop"), ("ada", "phone"))
    ]
    async with verifying(issuer.url) as verifier, protected(verifier) as url:
        opened = await ask(url, "legacy", bearer(ada))
        session = {"MCP-Session-Id": opened.headers["MCP-Session-Id"], "MCP-Protocol-Version": "2025-11-25"}
        answers = [await ask(url, "legacy", {**bearer(token), **session}) for token in (ada_anew, grace, phone)]
    assert [answer.status_code for answer in answers] == [200, 404, 404]
