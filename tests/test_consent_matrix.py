"""Which hosts are asked before a deletion: every capability in every era, in raw lines over real stdio."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from tests.support.process import ENVELOPE, Process, clean_environment, initialize, legacy, modern, running
from tests.support.stores import DOCUMENTS, STORE_KEY, filed
from tests.test_elicitation_matrix import CAPABILITIES, each_capability

ASKED = ("empty", "form", "both")
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


@contextmanager
def deleting() -> Iterator[tuple[Process, list[str]]]:
    """The server as a process, and what its upstream was asked."""
    seen: list[str] = []
    shelf = type("OneShelf", (Shelf,), {"seen": seen})
    with ThreadingHTTPServer(("127.0.0.1", 0), shelf) as http:
        thread = Thread(target=http.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        environment = clean_environment(
            BASE_URL=f"http://127.0.0.1:{http.server_port}/api/v1/", TOOLSETS="all", VECTOR_STORE_TOKEN=STORE_KEY
        )
        with running(environment=environment) as process:
            yield process, seen
            _, code, rest, _ = process.end_input()
            assert (code, rest) == (0, b"")
        http.shutdown()
        thread.join(5)


def shake_hands(process: Process, declared: str, version: str) -> None:
    hello = initialize()
    hello["params"] |= {"protocolVersion": version, "capabilities": CAPABILITIES[declared]}
    assert process.ask(hello)["result"]["protocolVersion"] == version
    process.send({"jsonrpc": "2.0", "method": "notifications/initialized"})


def is_one_box(params: dict[str, Any]) -> bool:
    (box,) = params["requestedSchema"]["properties"].values()
    return bool(box["type"] == "boolean") and "://" not in json.dumps(params) and "url" not in params


@pytest.mark.untraced
@each_capability
@pytest.mark.promise("D99", "S1", "S3", "S6", "S7")
@pytest.mark.parametrize("version", ["2025-11-25", "2025-06-18", "2025-03-26"])
def test_an_older_host_is_asked_only_if_it_declared_forms(declared: str, version: str) -> None:
    is_asked = declared in ASKED and version != "2025-03-26"
    with deleting() as (process, seen):
        shake_hands(process, declared, version)
        process.send(legacy(1, "tools/call", **CALL))
        first = process.receive()
        if is_asked:
            assert first["method"] == "elicitation/create"
            assert is_one_box(first["params"])
            assert not [each for each in seen if each.startswith("DELETE")]
            answer = {"action": "accept", "content": {"delete": True}}
            process.send({"jsonrpc": "2.0", "id": first["id"], "result": answer})
            first = process.receive()
        result = first["result"]
    assert bool(result.get("isError")) is not is_asked
    assert [each for each in seen if each.startswith("DELETE")] == (
        [f"DELETE /api/v1/{DOCUMENTS}/7/"] if is_asked else []
    )
    assert is_asked or "`confirm: true`" in result["content"][0]["text"]


@pytest.mark.untraced
@each_capability
@pytest.mark.promise("D99", "S1", "S3", "S6", "S14", "S17")
def test_a_2026_host_is_asked_only_if_it_declared_forms(declared: str) -> None:
    envelope = ENVELOPE | {"io.modelcontextprotocol/clientCapabilities": CAPABILITIES[declared]}
    with deleting() as (process, seen):
        call = modern(1, "tools/call", **CALL)
        call["params"]["_meta"] = envelope
        result = process.ask(call)["result"]
        if declared in ASKED:
            assert result["resultType"] == "input_required"
            (question,) = result["inputRequests"].items()
            assert question[1]["method"] == "elicitation/create"
            assert is_one_box(question[1]["params"])
            answer = {"action": "accept", "content": {"delete": True}}
            call["id"] = 2
            call["params"] |= {"requestState": result["requestState"], "inputResponses": {question[0]: answer}}
            result = process.ask(call)["result"]
    assert bool(result.get("isError")) is (declared not in ASKED)
    assert [each for each in seen if each.startswith("DELETE")] == (
        [f"DELETE /api/v1/{DOCUMENTS}/7/"] if declared in ASKED else []
    )


@pytest.mark.promise("S7")
@pytest.mark.parametrize("answer", [{"action": "maybe"}, {}, {"action": "accept", "content": {"delete": {"a": 1}}}])
def test_an_answer_of_a_2025_host_that_is_none_deletes_nothing(answer: dict[str, Any]) -> None:
    with deleting() as (process, seen):
        shake_hands(process, "form", "2025-11-25")
        process.send(legacy(1, "tools/call", **CALL))
        process.send({"jsonrpc": "2.0", "id": process.receive()["id"], "result": answer})
        text = process.receive()["result"]["content"][0]["text"]
    assert text.startswith("forbidden: The host said that it can ask the user, and failed to")
    assert not [each for each in seen if each.startswith("DELETE")]
