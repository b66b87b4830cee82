"""Whose knowledge a request over HTTP reaches by the tokens of a whole authorization server, in both eras."""

from collections.abc import Mapping

import jwt
import pytest

from tests.interop.provider import COMMANDS, Provider
from tests.support.agent import ERAS, Era
from tests.support.authorized import client_of
from tests.support.forgeries import FORGERIES
from tests.support.issuer import RESOURCE
from tests.support.tenants import HELD, called, hosted, others_reach_nothing, sign_in, statuses, upstream_of_ada
from tests.support.verifying import verifying

pytestmark = [pytest.mark.needs(*COMMANDS), pytest.mark.parametrize("era", ERAS)]
OTHERS: Mapping[str, tuple[str, str]] = {"another person": ("grace", "desktop"), "another client": ("ada", "phone")}
NEVER_SIGNED = ("expired", "for another server", "of another issuer", "without a subject", "unsigned")


@pytest.mark.promise("sessions:handle:no-authentication", "sessions:handle:unknown-as-foreign")
@pytest.mark.parametrize("who", OTHERS.values(), ids=OTHERS)
async def test_others_reach_nothing_of_what_is_anothers(who: tuple[str, str], era: Era, issuer: Provider) -> None:
    upstream = upstream_of_ada()
    ada, other = await issuer.token(resource=RESOURCE), await issuer.token(*who, resource=RESOURCE)
    async with verifying(issuer.url) as verifier, hosted(verifier, upstream) as url:
        await others_reach_nothing(url, upstream, ada, other, era)


@pytest.mark.promise("authorization:tokens:identity")
async def test_without_a_token_for_this_server_nobody_reaches_anything(era: Era, issuer: Provider) -> None:
    given = await issuer.tokens(resource=RESOURCE)
    claims = jwt.decode(given["access_token"], options={"verify_signature": False})
    shown = [None, given["id_token"], given["refresh_token"], await issuer.token(resource=f"{RESOURCE}/other")]
    shown += [FORGERIES[name][1](issuer.keys[-1], claims) for name in NEVER_SIGNED]
    upstream = upstream_of_ada()
    async with verifying(issuer.url) as verifier, hosted(verifier, upstream) as url:
        assert [await statuses(url, token, era) for token in shown] == [{401}] * len(shown)
        assert upstream.requests == []
        async with client_of(url, given["access_token"], era) as (client, _):
            await sign_in(client)
            assert HELD in str(await called(client, "search"))
