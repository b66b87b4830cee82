"""``/readyz``: whether a call could be answered, without asking the issuer at each probe."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from typing import NamedTuple

import httpx
import pytest
from rememberizer_mcp.server.api.issuer import Issuer
from rememberizer_mcp.server.api.issuer_requests import RETRY_SECONDS
from rememberizer_mcp.server.api.shared import FRESH_SECONDS, LAST_SECONDS
from rememberizer_mcp.server.clients import Clients
from rememberizer_mcp.server.http.app import http_app
from rememberizer_mcp.server.http.start import authorized
from starlette.responses import Response

from tests.support.agent import Around, server_on
from tests.support.clock import FakeClock
from tests.support.issuer import CONFIGURATION, JWKS, METADATA, AuthorizationServer, issuing
from tests.support.ports import site_of
from tests.support.upstream import usual

pytestmark = pytest.mark.promise("hosting:http:ready")
PROBES = 3


class Probed(NamedTuple):
    """A server's issuer, and what its ``/readyz`` answers to some probes in a row."""

    issuer: AuthorizationServer
    statuses: Callable[[], Awaitable[set[int]]]


@asynccontextmanager
async def probed(clock: FakeClock) -> AsyncIterator[Probed]:
    """The clock is that of the issuer's metadata and keys."""
    async with issuing() as issuer:
        ours = Issuer(issuer.url, clock=clock)
        known = authorized("https://mcp.example.org", ours)
        clients = Clients(authorization=known)
        app = http_app(server_on(usual().transport, clock, Around(clients=clients)), port=0, clients=clients)
        async with (
            aclosing(ours),
            site_of(app) as origin,
            httpx.AsyncClient(trust_env=False, base_url=origin) as operator,
        ):

            async def statuses() -> set[int]:
                return {(await operator.get("/readyz")).status_code for _ in range(PROBES)}

            yield Probed(issuer, statuses)


def go_down(server: AuthorizationServer) -> None:
    server.answers[METADATA] = lambda _: Response(status_code=503)


async def test_before_the_issuer_was_ever_reached_no_call_is_wanted_and_probes_ask_it_as_seldom_as_tokens(
    clock: FakeClock,
) -> None:
    async with probed(clock) as server:
        go_down(server.issuer)
        for _ in range(2):
            assert await server.statuses() == {503}
            clock.advance(RETRY_SECONDS)
        assert server.issuer.asked == [METADATA, CONFIGURATION] * 2
        server.issuer.answers.clear()
        assert await server.statuses() == {200}
        assert server.issuer.asked[4:] == [METADATA, JWKS]


async def test_calls_are_wanted_as_long_as_its_keys_serve_whether_it_is_down_or_not(clock: FakeClock) -> None:
    async with probed(clock) as server:
        assert await server.statuses() == {200}
        go_down(server.issuer)
        for seconds in (FRESH_SECONDS + 1, LAST_SECONDS - FRESH_SECONDS - 2):
            clock.advance(seconds)
            assert await server.statuses() == {200}
        assert server.issuer.asked == [METADATA, JWKS]
        clock.advance(1)
        assert await server.statuses() == {503}
