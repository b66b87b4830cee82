"""Requests that no client should send, at a real process in both eras: each is refused, with and without tokens."""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

import anyio
import httpx
import pytest
from anyio import to_thread

from tests.support.agent import ERAS, Era
from tests.support.authorized import bearer
from tests.support.http_server import HEADERS, HttpServer, http_server
from tests.support.issuer import AuthorizationServer, issuing
from tests.support.ports import free_port
from tests.support.process import initialize, legacy, modern

CANARY = "canary-of-a-body"
LEGACY, MODERN, UNKNOWN = "2025-11-25", "2026-07-28", "2099-01-01"
NO_MESSAGE, NO_JSON, MISMATCH, UNKNOWN_VERSION, LACKING = -32600, -32700, -32020, -32022, -32602
MOST_BYTES = 4 * 1024 * 1024
Refusal = tuple[int, int | None]
"""The status, and the code of the JSON-RPC error if there is one."""
SERVED: Refusal = (200, None)


class Wrong(NamedTuple):
    """What is wrong with a request that is good otherwise, and what becomes of it in each era.

    A header that is None is left out; ``also`` are headers that the request has besides, by a name that it has already.
    """

    modern: Refusal
    legacy: Refusal
    headers: Mapping[str, str | None] = {}
    also: Sequence[tuple[str, str]] = ()
    content: bytes | None = None
    method: str = "POST"
    path: str = "/mcp"


def of_both(status: int, code: int | None = None, **wrong: Any) -> Wrong:
    return Wrong((status, code), (status, code), **wrong)


def of_modern(code: int, **wrong: Any) -> Wrong:
    """What 2025-11-25 doesn't look at."""
    return Wrong((400, code), SERVED, **wrong)


REQUESTS: Mapping[str, Wrong] = {
    "none": Wrong(SERVED, SERVED),
    "too large a body": of_both(413, content=b" " * (MOST_BYTES + 1)),
    "no body": of_both(400, NO_JSON, content=b""),
    "no JSON": of_both(400, NO_JSON, content=f'{{"password": "{CANARY}'.encode()),
    "deep JSON": of_both(400, NO_JSON, content=b"[" * 100_000),
    "JSON that is no message": of_both(400, NO_MESSAGE, content=json.dumps({"password": CANARY}).encode()),
    "a message of JSON-RPC 1": of_both(400, NO_MESSAGE, content=json.dumps({"method": "x", "params": CANARY}).encode()),
    "a batch": of_both(400, NO_MESSAGE, content=json.dumps([modern(1, "tools/list"), CANARY]).encode()),
    "an empty batch": of_both(400, NO_MESSAGE, content=b"[]"),
    "an id that is none": Wrong(
        (400, NO_MESSAGE), (202, None), content=json.dumps(modern(1, "ping") | {"id": None}).encode()
    ),
    "another content type": of_both(400, headers={"Content-Type": "text/plain"}),
    "no content type": of_both(400, headers={"Content-Type": None}),
    "no streams accepted": Wrong((406, None), (406, NO_MESSAGE), headers={"Accept": "application/json"}),
    "nothing accepted": Wrong((406, None), (406, NO_MESSAGE), headers={"Accept": None}),
    "another host": of_both(421, headers={"Host": "evil.example"}),
    "a second host": of_both(421, also=[("Host", "evil.example")]),
    "another origin": of_both(403, headers={"Origin": "https://evil.example"}),
    "another method": Wrong((405, None), (405, NO_MESSAGE), method="PUT"),
    "a slash at the end": of_both(404, path="/mcp/"),
    "another path": of_both(404, path="/nothing"),
    "a session that is made up": Wrong(SERVED, (404, NO_MESSAGE), headers={"Mcp-Session-Id": "made-up"}),
    "another method in the header": of_modern(MISMATCH, headers={"Mcp-Method": "tools/list"}),
    "no method in the header": of_modern(MISMATCH, headers={"Mcp-Method": None}),
    "another name in the header": of_modern(MISMATCH, headers={"Mcp-Name": "search"}),
    "no name in the header": of_modern(MISMATCH, headers={"Mcp-Name": None}),
    "a second name": of_modern(MISMATCH, also=[("Mcp-Name", "session_status")]),
    "a second version": of_modern(MISMATCH, also=[("MCP-Protocol-Version", LEGACY)]),
    "another version in the header": Wrong((400, MISMATCH), (400, LACKING), headers={"MCP-Protocol-Version": UNKNOWN}),
    "an unknown version": of_both(
        400,
        UNKNOWN_VERSION,
        headers={"MCP-Protocol-Version": UNKNOWN, "Mcp-Method": "tools/list", "Mcp-Name": None},
        content=json.dumps(modern(1, "tools/list")).replace(MODERN, UNKNOWN).encode(),
    ),
}
"""By what is wrong."""


@asynccontextmanager
async def served(*, is_authorized: bool) -> AsyncIterator[tuple[HttpServer, AuthorizationServer]]:
    """A server on this machine, or one for people elsewhere, and an issuer."""
    port = free_port()
    async with issuing() as issuer:
        settings = {"ISSUER": issuer.url, "PUBLIC_URL": f"http://127.0.0.1:{port}"} if is_authorized else {}
        async with http_server("--port", str(port), LOG_LEVEL="info", **settings) as server:
            yield server, issuer


def client_at(server: HttpServer) -> httpx.AsyncClient:
    return httpx.AsyncClient(trust_env=False, timeout=20, base_url=server.origin)


async def session_of(client: httpx.AsyncClient, **headers: str) -> dict[str, str]:
    """The headers of a session of 2025-11-25 that is begun now."""
    begun = await client.post("/mcp", json=initialize(), headers={**HEADERS, **headers})
    return {"Mcp-Session-Id": begun.headers["Mcp-Session-Id"], "MCP-Protocol-Version": LEGACY, **headers}


async def asked(client: httpx.AsyncClient, wrong: Wrong, era: Era, headers: Mapping[str, str]) -> httpx.Response:
    """The answer to a call with this wrong in it."""
    message = (legacy if era == "legacy" else modern)(1, "tools/call", name="session_status", arguments={})
    routed = {"MCP-Protocol-Version": MODERN, "Mcp-Method": "tools/call", "Mcp-Name": "session_status"}
    usual = {**HEADERS, **(routed if era != "legacy" else {}), **headers, **wrong.headers}
    sent = [(name, value) for name, value in usual.items() if value is not None]
    content = json.dumps(message).encode() if wrong.content is None else wrong.content
    url = client.base_url.join(wrong.path)
    return await client.send(httpx.Request(wrong.method, url, headers=[*sent, *wrong.also], content=content))


def refusal(answer: httpx.Response) -> Refusal:
    assert CANARY not in answer.text
    assert ("Allow" in answer.headers) == (answer.status_code == 405)
    if not answer.headers.get("Content-Type", "").startswith("application/json") or not answer.content:
        return answer.status_code, None
    return answer.status_code, answer.json().get("error", {}).get("code")


async def noise_of(server: HttpServer) -> str:
    """What it has written when it has ended."""
    server.process.popen.terminate()
    return (await to_thread.run_sync(server.process.finish))[3].decode()


@pytest.mark.traced
@pytest.mark.promise("process:http:header-mismatch", "hosting:http:malformed", "hosting:http:host-and-origin")
@pytest.mark.parametrize("is_authorized", [False, True])
async def test_what_is_wrong_with_a_request_is_refused_and_nothing_of_it_comes_back(is_authorized: bool) -> None:
    async with served(is_authorized=is_authorized) as (server, issuer):
        async with client_at(server) as client:
            shown = bearer(issuer.signed(aud=server.url)) if is_authorized else {}
            session = await session_of(client, **shown)
            for name, wrong in REQUESTS.items():
                found = [
                    refusal(await asked(client, wrong, *of)) for of in (("2026-07-28", shown), ("legacy", session))
                ]
                assert found == [wrong.modern, wrong.legacy], name
        noise = await noise_of(server)
    assert " ERROR " not in noise
    assert CANARY not in noise


@pytest.mark.promise("authorization:challenge:says-where", "hosting:http:malformed")
async def test_without_a_token_nothing_of_a_request_is_looked_at() -> None:
    async with served(is_authorized=True) as (server, _), client_at(server) as client:
        for name, wrong in REQUESTS.items():
            found = [(await asked(client, wrong, era, {})).status_code for era in ERAS]
            assert found == [401 if wrong.path == "/mcp" else 404] * 2, name


@pytest.mark.promise("sessions:handle:mcp-session-ids")
async def test_only_who_began_a_session_of_2025_ends_it() -> None:
    async with served(is_authorized=True) as (server, issuer), client_at(server) as client:
        ada = await session_of(client, **bearer(issuer.signed(aud=server.url)))
        for claims in ({"sub": "grace"}, {"client_id": "phone"}):
            other = ada | bearer(issuer.signed(aud=server.url, **claims))
            assert (await client.delete("/mcp", headers=other)).status_code == 404
        again = ada | bearer(issuer.signed(aud=server.url, exp=2_000_000_000))
        assert refusal(await asked(client, REQUESTS["none"], "legacy", again)) == SERVED
        assert (await client.delete("/mcp", headers=again)).status_code == 200
        assert refusal(await asked(client, REQUESTS["none"], "legacy", ada)) == (404, NO_MESSAGE)


@pytest.mark.traced
@pytest.mark.promise("hosting:http:malformed")
async def test_a_client_that_goes_away_before_its_request_ends_is_no_error() -> None:
    async with served(is_authorized=False) as (server, _):
        async with client_at(server) as client:
            for headers in ({"MCP-Protocol-Version": MODERN}, await session_of(client)):
                lines = [f"{name}: {value}" for name, value in {**HEADERS, **headers, "Content-Length": "9"}.items()]
                host, _, port = (netloc := server.origin.removeprefix("http://")).partition(":")
                async with await anyio.connect_tcp(host, int(port)) as stream:
                    await stream.send("\r\n".join(["POST /mcp HTTP/1.1", f"Host: {netloc}", *lines, "", "{"]).encode())
                assert (await client.get("/healthz")).status_code == 200
        assert " ERROR " not in await noise_of(server)
