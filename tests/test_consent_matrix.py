"""Which hosts are asked before a deletion: every capability in every era, in raw lines.

The server is in this process, and for one capability of each era a real one over stdio.
"""

import json
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import httpx
import pytest

from tests.support.agent import Around, server_on
from tests.support.process import ENVELOPE, clean_environment, legacy, modern
from tests.support.raw_host import RawHost, on_process, on_server
from tests.support.stores import DOCUMENTS, STORE_KEY, filed
from tests.support.upstream import FakeUpstream, reply
from tests.test_elicitation_matrix import CAPABILITIES, handshake

ASKED = ("empty", "form", "both")
ATTENDED = (sys.executable, "-m", "tests.support.attended")
CALL: dict[str, Any] = {"name": "delete_vector_document", "arguments": {"store": "vs_abc123", "id": 7}}


class Shelf(BaseHTTPRequestHandler):
    """A vector store with one document, which keeps what it was asked."""

    seen: list[str]

    def do_GET(self) -> None:
        self._answer(200, filed(7))

    def do_DELETE(self) -> None:
        self._answer(200, {})

    def _answer(self, status: int, body: Any) -> None:
        self.seen.append(f"{self.command} {self.path}")
        raw = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Print nothing."""


Deleting = Callable[[], AbstractAsyncContextManager[tuple[RawHost, list[str]]]]


@asynccontextmanager
async def by_stdio() -> AsyncIterator[tuple[RawHost, list[str]]]:
    """The server as a process, and what its upstream was asked."""
    seen: list[str] = []
    shelf = type("OneShelf", (Shelf,), {"seen": seen})
    with ThreadingHTTPServer(("127.0.0.1", 0), shelf) as http:
        thread = Thread(target=http.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        environment = clean_environment(
            BASE_URL=f"http://127.0.0.1:{http.server_port}/api/v1/", TOOLSETS="all", VECTOR_STORE_TOKEN=STORE_KEY
        )
        async with on_process(command=ATTENDED, environment=environment) as host:
            yield host, seen
        http.shutdown()
        thread.join(5)


@asynccontextmanager
async def here() -> AsyncIterator[tuple[RawHost, list[str]]]:
    """The server in this process, and what its upstream was asked."""
    seen: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(f"{request.method} {request.url.path}")
        return reply(200, json=filed(7) if request.method == "GET" else {})

    upstream = FakeUpstream({f"{DOCUMENTS}/7": answer, f"{DOCUMENTS}/7/": answer})
    settings = {"toolsets": "all", "vector_store_token": STORE_KEY}
    async with on_server(server_on(upstream.transport, None, Around(patience_seconds=30), **settings)) as host:
        yield host, seen


def is_a_yes_or_no(params: dict[str, Any]) -> bool:
    without_fields = params["requestedSchema"] == {"type": "object", "properties": {}}
    return without_fields and "://" not in json.dumps(params) and "url" not in params


@pytest.mark.promise(
    "tools:deletion:asks",
    "sign-in:elicitation:no-secret-in-forms",
    "sign-in:elicitation:declared-modes-only",
    "sign-in:elicitation:no-links-in-fields",
    "sign-in:elicitation:outcomes-told-apart",
)
@pytest.mark.parametrize(
    ("declared", "version", "deleting"),
    [
        *((each, version, here) for version in ("2025-11-25", "2025-06-18", "2025-03-26") for each in CAPABILITIES),
        ("form", "2025-11-25", by_stdio),
    ],
)
async def test_an_older_host_is_asked_only_if_it_declared_forms(
    declared: str, version: str, deleting: Deleting
) -> None:
    is_asked = declared in ASKED and version != "2025-03-26"
    async with deleting() as (host, seen):
        await handshake(host, declared, version)
        host.send(legacy(1, "tools/call", **CALL))
        first = await host.receive()
        if is_asked:
            assert first["method"] == "elicitation/create"
            assert is_a_yes_or_no(first["params"])
            assert not [each for each in seen if each.startswith("DELETE")]
            answer = {"action": "accept", "content": {}}
            host.send({"jsonrpc": "2.0", "id": first["id"], "result": answer})
            first = await host.receive()
        result = first["result"]
    assert bool(result.get("isError")) is not is_asked
    assert [each for each in seen if each.startswith("DELETE")] == (
        [f"DELETE /api/v1/{DOCUMENTS}/7/"] if is_asked else []
    )
    assert is_asked or "`confirm: true`" in result["content"][0]["text"]


@pytest.mark.traced
@pytest.mark.promise(
    "tools:deletion:asks",
    "sign-in:elicitation:no-secret-in-forms",
    "sign-in:elicitation:declared-modes-only",
    "sign-in:elicitation:no-links-in-fields",
    "sign-in:request-state:where-allowed",
    "sign-in:request-state:no-secret",
)
@pytest.mark.parametrize(("declared", "deleting"), [*((each, here) for each in CAPABILITIES), ("form", by_stdio)])
async def test_a_2026_host_is_asked_only_if_it_declared_forms(declared: str, deleting: Deleting) -> None:
    envelope = ENVELOPE | {"io.modelcontextprotocol/clientCapabilities": CAPABILITIES[declared]}
    async with deleting() as (host, seen):
        call = modern(1, "tools/call", **CALL)
        call["params"]["_meta"] = envelope
        result = (await host.ask(call))["result"]
        if declared in ASKED:
            assert result["resultType"] == "input_required"
            (question,) = result["inputRequests"].items()
            assert question[1]["method"] == "elicitation/create"
            assert is_a_yes_or_no(question[1]["params"])
            answer = {"action": "accept", "content": {}}
            call["id"] = 2
            call["params"] |= {"requestState": result["requestState"], "inputResponses": {question[0]: answer}}
            result = (await host.ask(call))["result"]
        assert bool(result.get("isError")) is (declared not in ASKED)
    assert [each for each in seen if each.startswith("DELETE")] == (
        [f"DELETE /api/v1/{DOCUMENTS}/7/"] if declared in ASKED else []
    )


@pytest.mark.promise("sign-in:elicitation:outcomes-told-apart")
@pytest.mark.parametrize("answer", [{"action": "maybe"}, {}, {"action": "accept", "content": {"delete": {"a": 1}}}])
async def test_an_answer_of_a_2025_host_that_is_none_deletes_nothing(answer: dict[str, Any]) -> None:
    async with here() as (host, seen):
        await handshake(host, "form")
        host.send(legacy(1, "tools/call", **CALL))
        host.send({"jsonrpc": "2.0", "id": (await host.receive())["id"], "result": answer})
        text = (await host.receive())["result"]["content"][0]["text"]
    assert text.startswith("forbidden: The host said that it can ask the user, and failed to")
    assert not [each for each in seen if each.startswith("DELETE")]
