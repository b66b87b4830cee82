"""A person's sign-in for our own client at a whole authorization server: who it says is there, and to whom else."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from mcp.server.auth.provider import principal_components
from rememberizer_mcp.server.api.issuer import Issuer, TokenRefused
from rememberizer_mcp.server.api.issuer_sign_in import IssuerSignIn

from tests.interop.provider import COMMANDS, REDIRECT, Provider, let_in
from tests.support.issuer import OURS, RESOURCE
from tests.support.verifying import verifying

pytestmark = [pytest.mark.needs(*COMMANDS), pytest.mark.promise("authorization:sign-in:person")]


@asynccontextmanager
async def signing_in(provider: Provider) -> AsyncIterator[tuple[IssuerSignIn, IssuerSignIn]]:
    """Two trips to this issuer."""
    issuer = Issuer(provider.url, client=OURS)
    try:
        yield IssuerSignIn(issuer=issuer, redirect_uri=REDIRECT), IssuerSignIn(issuer=issuer, redirect_uri=REDIRECT)
    finally:
        await issuer.aclose()


async def test_the_person_at_the_page_is_the_person_of_the_token(issuer: Provider) -> None:
    token = await issuer.token(resource=RESOURCE)
    async with signing_in(issuer) as (trip, other), verifying(issuer.url) as verifier:
        found = await verifier.verify_token(token)
        assert found
        back = await let_in(await trip.address(), "ada")
        assert back["state"] == trip.state
        assert await trip.person(back["code"]) == principal_components(found)[1:] == (issuer.url, "ada")
        back = await let_in(await other.address(), "grace")
        assert await other.person(back["code"]) == (issuer.url, "grace")


async def test_a_code_works_once_and_for_the_trip_that_it_belongs_to(issuer: Provider) -> None:
    async with signing_in(issuer) as (trip, other):
        code = (await let_in(await trip.address(), "ada"))["code"]
        with pytest.raises(TokenRefused):
            await other.person(code)  # it has another verifier
        assert await trip.person(code) == (issuer.url, "ada")
        with pytest.raises(TokenRefused):
            await trip.person(code)
