"""For whom a request is made: by its own token, in both eras, on one connection and in one session."""

import pytest
from rememberizer_mcp.server.http.principal import owner_of, person_of

from tests.support.agent import ERAS, Era
from tests.support.authorized import LEGACY, ask, bearer, client_of, owner, protected
from tests.support.issuer import issuing
from tests.support.verifying import verifying

each_era = pytest.mark.parametrize("era", ERAS)
PRINCIPALS = [({}, 200), ({"sub": "grace"}, 404), ({"client_id": "phone"}, 404), ({"exp": 1}, 401)]
OWNER = pytest.mark.promise("authorization:owner:of-each-request")


@OWNER
def test_a_request_without_authorization_has_no_owner() -> None:
    assert owner_of() is None


@OWNER
@each_era
async def test_the_owner_is_the_issuer_the_client_and_the_subject(era: Era) -> None:
    async with issuing() as server, verifying(server.url) as verifier, protected(verifier) as url:
        odd = 'quo"te, コンマ'
        async with client_of(url, server.signed(sub=odd), era) as (client, _):
            found = await owner(client)
        async with client_of(url, server.opaque(sub=odd), era) as (client, _):
            assert await owner(client) == found
    assert found == f'["{server.url}","desktop","quo\\"te, コンマ"]'
    assert person_of(found) == (server.url, odd)


@OWNER
@each_era
async def test_one_person_has_an_owner_for_each_client_and_stays_the_same_person(era: Era) -> None:
    owners = []
    async with issuing() as server, verifying(server.url) as verifier, protected(verifier) as url:
        for claims in ({}, {"client_id": "phone"}, {"sub": "grace"}):
            async with client_of(url, server.signed(**claims), era) as (client, _):
                owners.append(await owner(client))
    assert len(set(owners)) == 3
    assert person_of(owners[0]) == person_of(owners[1]) != person_of(owners[2])


@OWNER
@pytest.mark.promise("sessions:handle:principals-apart")
async def test_two_principals_that_take_turns_on_one_connection_stay_apart() -> None:
    async with issuing() as server, verifying(server.url) as verifier, protected(verifier) as url:
        tokens = [server.signed(), server.signed(sub="grace"), server.opaque(client_id="phone")]
        async with client_of(url, tokens[0], "2026-07-28") as (client, http):
            owners = []
            for token in tokens * 2:
                http.headers.update(bearer(token))
                owners.append(await owner(client))
    assert owners[:3] == owners[3:]
    assert len(set(owners)) == 3


@OWNER
@each_era
async def test_a_renewed_token_of_the_same_principal_goes_on(era: Era) -> None:
    async with issuing() as server, verifying(server.url) as verifier, protected(verifier) as url:
        first = server.signed()
        async with client_of(url, first, era) as (client, http):
            before = await owner(client)
            http.headers.update(bearer(server.signed(jti="renewed")))
            assert await owner(client) == before


@pytest.mark.promise("sessions:handle:mcp-session-ids")
@pytest.mark.parametrize(
    ("claims", "status"),
    [({}, 200), ({"sub": "grace"}, 404), ({"client_id": "phone"}, 404), ({"exp": 1}, 401)],
    ids=str,
)
async def test_the_id_of_an_mcp_session_opens_it_to_its_own_principal_only(claims: dict[str, str], status: int) -> None:
    async with issuing() as server, verifying(server.url) as verifier, protected(verifier) as url:
        opened = await ask(url, "legacy", bearer(server.signed()))
        session = {"MCP-Session-Id": opened.headers["MCP-Session-Id"], "MCP-Protocol-Version": LEGACY}
        answer = await ask(url, "legacy", {**bearer(server.signed(**claims)), **session})
        nobody = await ask(url, "legacy", session)
    assert (answer.status_code, nobody.status_code) == (status, 401)
