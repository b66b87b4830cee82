"""Whose knowledge a request reaches at a served process by a whole authorization server's tokens, in both eras."""

from collections.abc import AsyncIterator, Mapping
from typing import NamedTuple

import jwt
import pytest

from tests.interop.provider import COMMANDS, Provider
from tests.support.agent import ERAS, Era
from tests.support.forgeries import FORGERIES, Forge
from tests.support.http_server import http_server, upstream_over_http
from tests.support.ports import free_port
from tests.support.tenants import others_reach_nothing, owner_reaches_everything, statuses, upstream_of_ada
from tests.support.tiers import matrix
from tests.support.upstream import FakeUpstream

pytestmark = [pytest.mark.needs(*COMMANDS), pytest.mark.parametrize("era", ERAS)]
OTHERS: Mapping[str, tuple[str, str]] = {"another person": ("grace", "desktop"), "another client": ("ada", "phone")}
NEVER_SIGNED = ("expired", "for another server", "of another issuer", "without a subject", "unsigned")


class Served(NamedTuple):
    """A process, and the upstream that it asks."""

    url: str
    upstream: FakeUpstream


@pytest.fixture(scope="module")
async def served(issuer: Provider) -> AsyncIterator[Served]:
    """One for all: whoever comes is a client of it."""
    port, upstream = free_port(), upstream_of_ada()
    async with (
        upstream_over_http(upstream) as base_url,
        http_server(
            "--port",
            str(port),
            BASE_URL=base_url,
            ISSUER=issuer.url,
            PUBLIC_URL=f"http://127.0.0.1:{port}",
            TOOLSETS="all",
            LAZY_SIGN_IN="off",
        ) as server,
    ):
        yield Served(server.url, upstream)


@pytest.mark.promise("sessions:handle:no-authentication")
async def test_the_owner_reaches_what_is_theirs(era: Era, issuer: Provider, served: Served) -> None:
    await owner_reaches_everything(*served, await issuer.token(resource=served.url), era)


@pytest.mark.promise("sessions:handle:no-authentication", "sessions:handle:unknown-as-foreign")
@pytest.mark.parametrize("who", OTHERS.values(), ids=OTHERS)
async def test_others_reach_nothing_of_what_is_anothers(
    who: tuple[str, str], era: Era, issuer: Provider, served: Served
) -> None:
    ada, other = await issuer.token(resource=served.url), await issuer.token(*who, resource=served.url)
    await others_reach_nothing(*served, ada, other, era)


@pytest.mark.promise("authorization:tokens:identity")
async def test_what_else_the_issuer_gives_out_opens_nothing(era: Era, issuer: Provider, served: Served) -> None:
    given = await issuer.tokens(resource=served.url)
    elsewhere = await issuer.token(resource=f"{served.url}/other")
    await opens_nothing(served, era, None, given["id_token"], given["refresh_token"], elsewhere)


@pytest.mark.promise("authorization:tokens:identity")
@pytest.mark.parametrize("forge", matrix({name: forge for name, (_, forge) in FORGERIES.items()}, usual=NEVER_SIGNED))
async def test_neither_does_what_it_would_never_sign(forge: Forge, era: Era, issuer: Provider, served: Served) -> None:
    claims = jwt.decode(await issuer.token(resource=served.url), options={"verify_signature": False})
    await opens_nothing(served, era, forge(issuer.keys[-1], claims))


async def opens_nothing(served: Served, era: Era, *tokens: str | None) -> None:
    """Every kind of request with such a token is refused, and nothing is asked upstream."""
    before = len(served.upstream.requests)
    assert [await statuses(served.url, token, era) for token in tokens] == [{401}] * len(tokens)
    assert len(served.upstream.requests) == before
