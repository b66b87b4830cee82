"""Our side of an authorization server in a test: what checks its tokens."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from rememberizer_mcp.server.api.issuer import Issuer
from rememberizer_mcp.server.api.issuer_requests import IssuerClient, IssuerUnavailable
from rememberizer_mcp.server.http.verifier import Verifier

from tests.support.clock import FakeClock
from tests.support.issuer import OURS, RESOURCE


@asynccontextmanager
async def verifying(
    url: str, *, client: IssuerClient | None = OURS, clock: FakeClock | None = None, **options: Any
) -> AsyncIterator[Verifier]:
    """A verifier of the tokens of this issuer, at which our client is registered. The clock is that of its keys."""
    issuer = Issuer(url, client=client, clock=clock or FakeClock())
    try:
        yield Verifier(issuer, **({"resource": RESOURCE} | options))
    finally:
        await issuer.aclose()


async def verdicts(verifier: Verifier, tokens: list[str]) -> list[str | None]:
    """Whose each token is; None where it is not valid."""
    found = [await verifier.verify_token(token) for token in tokens]
    return [each.subject if each else None for each in found]


async def is_unknown(verifier: Verifier, token: str) -> None:
    """The verifier can't say if the token is valid."""
    with pytest.raises(IssuerUnavailable):
        await verifier.verify_token(token)
