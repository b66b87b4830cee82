"""Whose knowledge a request over HTTP reaches: each kind of token with each tool, resource and completion."""

from collections.abc import Callable, Mapping

import pytest
from rememberizer_mcp.server.settings.settings import Settings
from rememberizer_mcp.tools.toolsets import chosen

from tests.support.agent import ADA, ERAS, GRACE, Era
from tests.support.authorized import bearer, client_of
from tests.support.forgeries import FORGERIES
from tests.support.issuer import AuthorizationServer, issuing
from tests.support.tenants import (
    CALLS,
    HELD,
    READS,
    called,
    code_of,
    completed,
    hosted,
    others_reach_nothing,
    read,
    sign_in,
    statuses,
    upstream_of_ada,
)
from tests.support.verifying import verifying

each_era = pytest.mark.parametrize("era", ERAS)
OTHERS: Mapping[str, Mapping[str, str]] = {"another person": {"sub": "grace"}, "another client": {"client_id": "phone"}}
WITH_AN_ACCOUNT = ("search", "list_documents", "read_document", "account", "list_mementos", "get_memento")


def test_each_tool_is_called() -> None:
    assert set(CALLS) == {tool.name for tool in chosen(Settings(toolsets="all"))}


@pytest.mark.promise("sessions:handle:no-authentication", "upstream:tokens:no-pass-through")
@each_era
async def test_the_owner_reaches_what_is_theirs_and_their_token_goes_no_further(era: Era) -> None:
    upstream = upstream_of_ada()
    async with issuing() as server, verifying(server.url) as verifier, hosted(verifier, upstream) as url:
        tokens = [server.signed(), server.opaque(jti="renewed")]
        async with client_of(url, tokens[0], era) as (client, http):
            handle = await sign_in(client)
            http.headers.update(bearer(tokens[1]))
            for given in ({}, {"session": handle}):
                said = {tool: await called(client, tool, **given) for tool in WITH_AN_ACCOUNT}
                assert {code_of(each) for each in said.values()} == {None}
                assert HELD in str(said["search"])
            assert [uri for uri in READS if HELD not in await read(client, uri)] == ["rememberizer://session"]
            assert await completed(client) == ["12"]
    asked = [f"{each.method} {each.url} {each.headers} {each.content!r}" for each in upstream.requests]
    assert len(asked) > len(WITH_AN_ACCOUNT)
    assert not [each for each in asked for token in tokens if token in each]


@pytest.mark.promise(
    "sessions:handle:no-authentication", "sessions:handle:unknown-as-foreign", "sessions:handle:never-anothers"
)
@each_era
@pytest.mark.parametrize("claims", OTHERS.values(), ids=OTHERS)
async def test_others_reach_nothing_of_it_by_its_handle_or_without(claims: Mapping[str, str], era: Era) -> None:
    upstream = upstream_of_ada()
    async with issuing() as server, verifying(server.url) as verifier, hosted(verifier, upstream) as url:
        await others_reach_nothing(url, upstream, server.signed(), server.signed(**claims), era)


@pytest.mark.promise("sessions:handle:unknown-as-foreign")
@each_era
async def test_where_a_tool_needs_an_account_a_foreign_handle_is_an_unknown_one(era: Era) -> None:
    async with issuing() as server, verifying(server.url) as verifier, hosted(verifier, upstream_of_ada()) as url:
        async with client_of(url, server.signed(), era) as (ada, _):
            handle = await sign_in(ada)
        async with client_of(url, server.signed(sub="grace"), era) as (other, _):
            codes = {code_of(await called(other, tool, session=handle)) for tool in WITH_AN_ACCOUNT}
    assert codes == {"unknown_session"}


@pytest.mark.promise("sessions:handle:principals-apart")
@each_era
async def test_two_people_of_one_client_each_have_a_session_of_their_own(era: Era) -> None:
    upstream = upstream_of_ada()
    async with (
        issuing() as server,
        verifying(server.url) as verifier,
        hosted(verifier, upstream) as url,
        client_of(url, server.signed(), era) as (ada, _),
        client_of(url, server.signed(sub="grace"), era) as (grace, _),
    ):
        await sign_in(ada)
        await grace.call_tool("login", dict(GRACE))
        emails = [(await called(each, "session_status"))["structured_content"]["email"] for each in (ada, grace, ada)]
        await called(grace, "logout")
        assert code_of(await called(ada, "search")) is None
    assert emails == [ADA["email"], GRACE["email"], ADA["email"]]


Show = Callable[[AuthorizationServer], str | None]


def forged(name: str) -> Show:
    """A token of Ada's with one thing wrong."""
    _, forge = FORGERIES[name]
    return lambda server: forge(server.keys[0], server.claims())


REFUSED: Mapping[str, Show] = {
    "none": lambda _: None,
    "made up": lambda _: "canary-made-up",
    "revoked": lambda server: server.revoked(),
    **{
        name: forged(name)
        for name in (
            "expired",
            "for another server",
            "of another issuer",
            "without a subject",
            "unsigned",
            "signed with the public key",
            "signed by a stranger",
        )
    },
}


@pytest.mark.promise("authorization:tokens:identity")
@each_era
@pytest.mark.parametrize("show", REFUSED.values(), ids=REFUSED)
async def test_nobody_else_reaches_anything(show: Show, era: Era) -> None:
    upstream = upstream_of_ada()
    async with issuing() as server, verifying(server.url) as verifier, hosted(verifier, upstream) as url:
        assert await statuses(url, show(server), era) == {401}
    assert upstream.requests == []
