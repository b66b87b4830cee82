"""OAuth from the browser to the logout: the client of production on the sandbox, whose consent page is on loopback."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import pytest
from rememberizer_mcp.server.api import oauth
from rememberizer_mcp.server.api.client import RememberizerAPI, Transport, asgi_transport
from rememberizer_mcp.server.api.endpoints import Endpoint, Takes
from rememberizer_mcp.server.api.oauth import OAuthClient
from rememberizer_mcp.server.errors import SessionExpired, SignInFailed
from rememberizer_mcp.server.logs.redaction import KnownSecrets
from rememberizer_mcp.server.sandbox.app import Sandbox
from rememberizer_mcp.server.sandbox.config import (
    SANDBOX_OAUTH_CLIENT_ID,
    SANDBOX_OAUTH_CLIENT_SECRET,
    SandboxConfig,
    Variants,
)
from rememberizer_mcp.server.sandbox.listener import outbox_listener
from rememberizer_mcp.server.sessions.session import Session
from rememberizer_mcp.server.sessions.states import Environment, State

from tests.server.sandbox.oauth import CALLBACK, VERIFIER, Browser, answer_of
from tests.server.sandbox.support import API, EMAIL, WAIT_SECONDS
from tests.support.clock import FakeClock
from tests.support.hints import hint
from tests.support.sessions import resync, store_of
from tests.support.upstream import BASE_URL

ME = Endpoint("GET", "me/", Takes.ACCOUNT).call()


@asynccontextmanager
async def ready(
    directory: Path, clock: FakeClock, *variants: str, secret: str = SANDBOX_OAUTH_CLIENT_SECRET
) -> AsyncIterator[tuple[Session, OAuthClient, str]]:
    """A session, an app, and the code that a person has just agreed to."""
    config = SandboxConfig(now=clock, access_seconds=60, variants=Variants.parse(variants))
    with Sandbox(config) as sandbox, anyio.fail_after(WAIT_SECONDS):
        async with outbox_listener(sandbox, directory) as address, API(sandbox) as person:
            await person.sign_up()
            client = OAuthClient(
                client_id=SANDBOX_OAUTH_CLIENT_ID,
                client_secret=secret,
                redirect_uri=CALLBACK,
                authorize_url=address.authorize_url,
            )
            async with _session(asgi_transport(sandbox.app), clock) as session:
                yield session, client, await _agree(client)


@asynccontextmanager
async def _session(transport: Transport, clock: FakeClock) -> AsyncIterator[Session]:
    api = RememberizerAPI(base_url=BASE_URL, transport=transport, now=clock, sleep=clock.sleep)
    async with anyio.create_task_group() as tasks:
        environment = Environment(api=api, secrets=KnownSecrets(), spawn=tasks.start_soon, budget_seconds=5, now=clock)
        yield store_of(environment).open("owner")
        tasks.cancel_scope.cancel()
    await api.aclose()
    await resync()


async def _agree(client: OAuthClient) -> str:
    """What the person does at the address that the client made."""
    url = oauth.authorization_url(client, state="the-state", challenge=oauth.pkce_challenge(VERIFIER))
    async with Browser(client.authorize_url) as browser:
        browser.address = url
        await browser.sign_in()
        answer = answer_of(await browser.press("authorize", memento="all"))
    assert answer["state"] == "the-state"
    return answer["code"]


async def sign_in(session: Session, client: OAuthClient, code: str, *, verifier: str = VERIFIER) -> bool:
    return await session.sign_in_with_oauth(client, code=code, verifier=verifier)


@pytest.mark.promise("sessions:oauth:documented-calls", "sessions:oauth:own-refresh", "sandbox:tokens:offline-access")
@pytest.mark.parametrize(
    "variant",
    ["oauth_pkce=ignored", "oauth_refresh_rotation=off", "oauth_expires_in=off", "opaque_access=on", "captcha=off"],
)
async def test_a_grant_lives_through_sign_in_renewals_and_logout(
    tmp_path: Path, clock: FakeClock, variant: str
) -> None:
    async with ready(tmp_path, clock, variant) as (session, client, code):
        assert await sign_in(session, client, code)
        assert (session.state, session.email, session.grant.method) == (State.UNVERIFIED, EMAIL, "oauth")
        assert session.grant.credentials.access_expires_at == clock.time + 60
        for _ in range(3):
            clock.advance(45)
            reply = await session.grant.request(ME)
            assert reply.body.fields["email"] == EMAIL
        assert session.grant.credentials.access_expires_at == clock.time + 60
        assert await session.sign_out()


@pytest.mark.promise("sessions:oauth:documented-calls", "sandbox:oauth:code-once")
@pytest.mark.parametrize("status", [400, 200])
async def test_a_used_code_fails_and_ends_the_session_that_it_gave(
    tmp_path: Path, clock: FakeClock, status: int
) -> None:
    async with ready(tmp_path, clock, f"oauth_error_status={status}") as (session, client, code):
        with pytest.raises(SignInFailed, match="works once"):
            await sign_in(session, client, code, verifier="another" * 7)
        await sign_in(session, client, code)
        with pytest.raises(SignInFailed, match="works once"):
            await sign_in(session, client, code)
        with pytest.raises(SessionExpired):
            await session.grant.request(ME)
        assert session.state is State.EXPIRED


@pytest.mark.promise("sessions:oauth:documented-calls")
@pytest.mark.parametrize("status", [400, 200])
async def test_a_wrong_secret_names_the_setting(tmp_path: Path, clock: FakeClock, status: int) -> None:
    async with ready(tmp_path, clock, f"oauth_error_status={status}", secret="wrong") as (session, client, code):
        with pytest.raises(SignInFailed) as raised:
            await sign_in(session, client, code)
    assert "REMEMBERIZER_OAUTH_CLIENT_SECRET" in hint(raised.value)
