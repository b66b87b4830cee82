"""``serve --http`` for people elsewhere: a real process that asks for an issuer's tokens."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

import httpx
import pytest
from anyio import to_thread
from rememberizer_mcp.server.http.start import clients, refused
from rememberizer_mcp.server.settings.settings import Settings

from tests.support.agent import ADA, ERAS, GRACE, Agent, Era
from tests.support.authorized import ask, bearer, client_of
from tests.support.http_server import HttpServer, http_server, upstream_over_http
from tests.support.issuer import JWKS, METADATA, AuthorizationServer, issuing
from tests.support.ports import free_port
from tests.support.two_accounts import upstream_of_both
from tests.support.upstream import FakeUpstream

each_era = pytest.mark.parametrize("era", ERAS)
ISSUER, PUBLIC = "https://id.example.org", "https://mcp.example.org"


class Hosted(NamedTuple):
    """A server, its issuer and its upstream."""

    server: HttpServer
    issuer: AuthorizationServer
    upstream: FakeUpstream

    def token(self, **claims: Any) -> str:
        """A good token for Ada on her desktop, but for these claims."""
        return self.issuer.signed(**{"aud": self.server.url, **claims})


@asynccontextmanager
async def hosted(**settings: str) -> AsyncIterator[Hosted]:
    upstream, port = upstream_of_both(), free_port()
    async with (
        upstream_over_http(upstream) as base_url,
        issuing() as issuer,
        http_server(
            "--port",
            str(port),
            BASE_URL=base_url,
            ISSUER=issuer.url,
            PUBLIC_URL=f"http://127.0.0.1:{port}/",
            **settings,
        ) as server,
    ):
        yield Hosted(server, issuer, upstream)


@asynccontextmanager
async def agent_with(token: str, server: HttpServer, era: Era) -> AsyncIterator[Agent]:
    async with client_of(server.url, token, era) as (client, _):
        listed = await client.list_tools()
        yield Agent(client, {tool.name: tool.output_schema for tool in listed.tools})


@each_era
@pytest.mark.promise("sessions:handle:no-authentication", "sessions:handle:principals-apart")
async def test_each_principal_has_a_session_of_its_own_and_no_other_finds_it(era: Era) -> None:
    async with hosted() as on:
        handles: list[str] = []
        for claims, account in (
            ({}, ADA),
            ({"sub": "grace"}, GRACE),
            ({"client_id": "phone"}, GRACE),
        ):
            async with agent_with(on.token(**claims), on.server, era) as agent:
                assert (await agent.call("session_status"))["state"] == "signed_out"
                made_up = await agent.fails("session_status", session="rs_made-up")
                assert made_up["code"] == "unknown_session"
                for handle in handles:
                    assert await agent.fails("session_status", session=handle) == made_up
                    assert await agent.fails("search", query="tea", session=handle) == made_up
                status = await agent.call("login", **account)
                assert (await agent.call("session_status"))["email"] == account["email"]
                handles.append(status["session"])
        async with agent_with(on.token(exp=2_000_000_000), on.server, era) as agent:  # another token of the first
            assert (await agent.call("session_status"))["session"] == handles[0]


@each_era
@pytest.mark.promise("authorization:challenge:says-where", "authorization:tokens:identity")
async def test_without_a_good_token_nobody_is_served(era: Era) -> None:
    async with hosted() as on:
        bad: list[dict[str, Any]] = [
            {"exp": 1},
            {"aud": "https://other.example/mcp"},
            {"iss": "https://other.example"},
            {"sub": None},
        ]
        answers = [await ask(on.server.url, era, bearer(on.token(**claims))) for claims in bad]
        nobody = await ask(on.server.url, era, {})
        good = await ask(on.server.url, era, bearer(on.token()))
    assert [answer.status_code for answer in (*answers, nobody, good)] == [401] * 5 + [200]
    assert all('error="invalid_token"' in answer.headers["WWW-Authenticate"] for answer in answers)
    assert "error" not in nobody.headers["WWW-Authenticate"]
    metadata = f"{on.server.origin}/.well-known/oauth-protected-resource/mcp"
    assert f'resource_metadata="{metadata}"' in nobody.headers["WWW-Authenticate"]


@pytest.mark.promise("hosting:http:no-page")
async def test_no_page_is_opened_for_people_elsewhere_and_no_tool_lists_the_session() -> None:
    async with hosted() as on, agent_with(on.token(), on.server, "2026-07-28") as agent:
        listed = (await agent.client.list_tools()).tools
        assert not any("session" in tool.input_schema["properties"] for tool in listed)
        errors = [await agent.fails("login"), await agent.fails("signup"), await agent.fails("search", query="tea")]
        for error in errors:
            assert (error["code"], on.upstream.requests) == ("sign_in_failed", [])
            assert "no client of its authorization server" in error["message"]
            assert "REMEMBERIZER_ISSUER_CLIENT_ID" in error["hint"]


@pytest.mark.promise("hosting:http:host-and-origin", "hosting:http:health", "authorization:challenge:says-where")
async def test_the_public_address_is_the_only_host_and_clients_find_the_issuer_there() -> None:
    async with hosted() as on, httpx.AsyncClient(trust_env=False, base_url=on.server.origin) as client:
        places = [f"/.well-known/oauth-protected-resource{end}" for end in ("", "/mcp")]
        found = [(await client.get(place)).json() for place in places]
        assert found[0] == found[1]
        asks = {"Origin": "https://client.example", "Access-Control-Request-Method": "GET"}  # a client in a browser
        assert [(await client.options(place, headers=asks)).status_code for place in places] == [200, 200]
        assert (found[0]["resource"], found[0]["authorization_servers"]) == (on.server.url, [on.issuer.url])
        assert (await client.get("/healthz")).status_code == 200
        port = on.server.origin.rpartition(":")[2]
        token = bearer(on.token())
        for headers, status in (
            ({"Origin": on.server.origin}, 200),
            ({"Origin": f"http://localhost:{port}"}, 403),
            ({"Host": f"localhost:{port}"}, 421),
        ):
            assert (await ask(on.server.url, "2026-07-28", token | headers)).status_code == status, headers


@pytest.mark.promise("hosting:http:ready")
async def test_a_start_asks_nothing_of_the_issuer() -> None:
    async with hosted() as on, httpx.AsyncClient(trust_env=False, base_url=on.server.origin) as operator:
        assert (await operator.get("/healthz")).status_code == 200
        assert on.issuer.asked == []
        assert (await operator.get("/readyz")).status_code == 200
        assert on.issuer.asked == [METADATA, JWKS]


@pytest.mark.promise("authorization:tokens:never-shown", "upstream:tokens:no-pass-through")
async def test_no_token_goes_to_rememberizer_into_an_answer_or_into_the_log() -> None:
    secret = "canary-of-our-client"
    async with hosted(ISSUER_CLIENT_ID="us", ISSUER_CLIENT_SECRET=secret, LOG_LEVEL="debug") as on:
        token = on.token()
        async with agent_with(token, on.server, "2026-07-28") as agent:
            result = await agent.result("login", **ADA)
        on.server.process.popen.terminate()
        _, _, _, noise = await to_thread.run_sync(on.server.process.finish)
    sent = [str(request.headers.raw) for request in on.upstream.requests]
    everything = " ".join([*sent, str(result), noise.decode()])
    assert len(sent) > 0
    assert token not in everything
    assert secret not in everything


@pytest.mark.promise("hosting:start:refused")
@pytest.mark.parametrize(
    ("given", "host", "named"),
    [
        ({"issuer": ISSUER}, "127.0.0.1", "REMEMBERIZER_ISSUER"),
        ({"public_url": PUBLIC}, "127.0.0.1", "REMEMBERIZER_PUBLIC_URL"),
        ({}, "mcp.example.org", "--host"),
        ({"issuer_client_id": "us", "issuer_client_secret": "canary"}, "127.0.0.1", "REMEMBERIZER_ISSUER_CLIENT_ID"),
        ({"issuer": ISSUER, "public_url": PUBLIC}, "mcp.example.org", None),
    ],
)
def test_what_authorization_lacks_is_named(given: dict[str, Any], host: str, named: str | None) -> None:
    problems = refused(Settings(**given), host)
    assert [problem.partition(":")[0] for problem in problems] == [name for name in (named,) if name]


@pytest.mark.promise("sessions:handle:no-authentication")
@pytest.mark.parametrize("client", [{}, {"issuer_client_id": "us", "issuer_client_secret": "canary"}])
def test_with_an_issuer_a_token_says_who_asks_and_tokens_must_name_the_server(client: dict[str, Any]) -> None:
    known = clients(Settings(issuer=ISSUER, public_url=PUBLIC, **client))
    assert known.authorization is not None
    assert str(known.authorization.settings.resource_server_url) == f"{PUBLIC}/mcp"
    assert (known.name_sessions, known.may_open_browser) == (False, False)
