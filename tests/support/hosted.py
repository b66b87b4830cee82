"""A whole server in hosted mode, over HTTP: its issuer, agents with tokens, and browsers of people elsewhere."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from typing import Any, Protocol
from urllib.parse import parse_qsl, urlsplit

import httpx
from rememberizer_mcp.server.api.issuer import Issuer
from rememberizer_mcp.server.api.issuer_requests import IssuerClient
from rememberizer_mcp.server.clients import Clients
from rememberizer_mcp.server.http.app import http_app
from rememberizer_mcp.server.http.principal import owner_of
from rememberizer_mcp.server.http.start import authorized

from tests.support.agent import Agent, Around, Era, server_on
from tests.support.authorized import client_of
from tests.support.clock import FakeClock
from tests.support.issuer import OURS
from tests.support.issuer_people import PERSON
from tests.support.ports import free_port, site_of
from tests.support.sessions import resync
from tests.support.upstream import FakeUpstream, usual


@dataclass
class RemoteBrowser:
    """A browser of its own, at which this person is signed in at the issuer."""

    person: str | None = None
    cookies: dict[str, str] = field(default_factory=dict)
    trail: list[str] = field(default_factory=list)
    """Where it was led to."""
    read: list[tuple[str, str]] = field(default_factory=list)
    """Texts and headers, each with the origin that it is of."""

    def __post_init__(self) -> None:
        if self.person:
            self.cookies[PERSON] = self.person

    async def open(self, url: str, *, until: str | None = None) -> httpx.Response:
        """Go to an address and on to where it leads, but not to this path."""
        return await self._ask("GET", url, until=until)

    async def send(self, url: str, *, until: str | None = None, **fields: str) -> httpx.Response:
        """Send a form of a page."""
        parts = urlsplit(url)
        origin = {"Origin": f"{parts.scheme}://{parts.netloc}"}
        return await self._ask("POST", url, until=until, headers=origin, data=fields)

    async def _ask(self, method: str, url: str, *, until: str | None = None, **options: Any) -> httpx.Response:
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        async with httpx.AsyncClient(trust_env=False, timeout=20) as client:
            answer = await client.request(method, url, **options | {"headers": headers | options.get("headers", {})})
        self._keep(answer)
        origin = str(answer.url.join("/")).rstrip("/")
        self.read += [(origin, text) for text in (answer.text, *answer.headers.values())]
        if not answer.has_redirect_location:
            return answer
        self.trail.append(str(answer.next_request and answer.next_request.url))
        return answer if urlsplit(self.trail[-1]).path == until else await self.open(self.trail[-1], until=until)

    def _keep(self, answer: httpx.Response) -> None:
        """Keep the cookies; those of ours no other site can set or read."""
        for line in answer.headers.get_list("Set-Cookie"):
            ((name, morsel),) = SimpleCookie(line).items()
            assert name.startswith("__Host-"), line
            assert (morsel["path"], morsel["domain"], morsel["secure"]) == ("/", "", True)
            assert (morsel["httponly"], morsel["samesite"]) == (True, "lax")
            assert name == "__Host-consent" or 0 < int(morsel["max-age"]) <= 900
            self.cookies[name] = morsel.value


class GivesTokens(Protocol):
    """An authorization server."""

    url: str

    async def token(self, person: str, client: str, *, resource: str) -> str:
        """An access token."""
        ...


@dataclass(frozen=True, kw_only=True)
class Hosted:
    """The server as its clients and people know it."""

    url: str
    upstream: FakeUpstream
    issuer: GivesTokens

    @asynccontextmanager
    async def agent(
        self, person: str = "ada", client: str = "desktop", era: Era = "2026-07-28", **options: Any
    ) -> AsyncIterator[Agent]:
        """An agent with a token for this person at this client."""
        token = await self.issuer.token(person, client, resource=f"{self.url}/mcp")
        async with client_of(f"{self.url}/mcp", token, era, **options) as (mcp, _):
            listed = await mcp.list_tools()
            yield Agent(mcp, {tool.name: tool.output_schema for tool in listed.tools})


@asynccontextmanager
async def hosted(
    authorization: GivesTokens,
    upstream: FakeUpstream | None = None,
    *,
    client: IssuerClient | None = OURS,
    clock: FakeClock | None = None,
    keys_clock: FakeClock | None = None,
    patience_seconds: float = 0.05,
    **settings: Any,
) -> AsyncIterator[Hosted]:
    """Serve while the body runs; without a client there, nobody can be asked who they are.

    ``keys_clock`` is that of the issuer's metadata and keys.
    """
    port = free_port()
    url, upstream = f"http://127.0.0.1:{port}", upstream or usual()
    issuer = Issuer(authorization.url, client=client, clock=keys_clock or FakeClock())
    known = authorized(url, issuer)
    clients = Clients(owner_of=owner_of, most_sessions=100, authorization=known)
    around = Around(clients=clients, patience_seconds=patience_seconds)
    mcp = server_on(upstream.transport, clock, around, **settings)
    app = http_app(mcp, port=port, clients=clients)
    async with mcp.session_manager.run(), site_of(app, port=port):
        yield Hosted(url=url, upstream=upstream, issuer=authorization)
        await resync()


def query_of(address: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(address).query))


def warnings_in(records: list[logging.LogRecord]) -> list[str]:
    """What the operator reads without asking for more."""
    ours = [record for record in records if record.name.startswith("rememberizer_mcp")]
    return [record.getMessage() for record in ours if record.levelno >= logging.WARNING]
