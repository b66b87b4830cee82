"""The ways to sign in that settings and a keyring give, without the MCP layer above them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from rememberizer_mcp.server.logs.redaction import KnownSecrets
from rememberizer_mcp.server.sessions.keychain import Keychain
from rememberizer_mcp.server.sessions.limiter import AttemptLimiter
from rememberizer_mcp.server.sessions.meant import Meant
from rememberizer_mcp.server.sessions.session import Session
from rememberizer_mcp.server.settings.settings import Settings
from rememberizer_mcp.server.signin.desk import SignInDesk
from rememberizer_mcp.server.signin.ways import Arrival, SignInWays

from tests.support.clock import FakeClock, for_good
from tests.support.held_keyring import Held
from tests.support.sessions import environment_on, store_of
from tests.support.upstream import BASE_URL, FakeUpstream


@dataclass
class Case:
    """A session to be signed in, and all that it can be signed in by."""

    session: Session
    ways: SignInWays

    async def go(self, email: str | None = None) -> Arrival:
        return await self.ways.sign_in(self.session, meant=Meant(email), captcha=None)


@asynccontextmanager
async def case(upstream: FakeUpstream, ring: Held | None = None, **settings: Any) -> AsyncIterator[Case]:
    clock = FakeClock()
    keychain = Keychain(base_url=BASE_URL, secrets=KnownSecrets(), backend=lambda: ring) if ring else None
    async with environment_on(upstream, clock, keychain=keychain) as environment:
        given, attempts, store = Settings(**settings), AttemptLimiter(environment.shelf), store_of(environment)
        desk = SignInDesk(
            settings=given, sessions=store, attempts=attempts, environment=environment, client=None, sleep=for_good
        )
        try:
            async with store.moving("owner", create=True) as session:
                yield Case(session, SignInWays(settings=given, keychain=keychain, desk=desk, attempts=attempts))
        finally:
            await desk.aclose()
