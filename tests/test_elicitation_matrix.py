"""What hosts declare and what they are sent: every capability in both eras, in raw lines over real stdio."""

import json
from typing import Any

import pytest

from tests.support.process import ENVELOPE, Process, clean_environment, initialize, legacy, modern, running

pytestmark = pytest.mark.untraced

CAPABILITIES: dict[str, dict[str, Any]] = {
    "none": {},
    "empty": {"elicitation": {}},
    "form": {"elicitation": {"form": {}}},
    "url": {"elicitation": {"url": {}}},
    "both": {"elicitation": {"form": {}, "url": {}}},
}
ENVIRONMENT = {"OPEN_BROWSER": "never", "LOG_LEVEL": "debug"}
each_capability = pytest.mark.parametrize("declared", CAPABILITIES)


def handshake(process: Process, declared: str) -> None:
    hello = initialize()
    hello["params"]["capabilities"] = CAPABILITIES[declared]
    process.ask(hello)
    process.send({"jsonrpc": "2.0", "method": "notifications/initialized"})


@pytest.mark.promise("S1", "S2", "S3", "S6", "S30")
@each_capability
def test_a_2025_host_is_asked_only_if_it_declared_url(declared: str) -> None:
    with running("--sandbox", environment=clean_environment(**ENVIRONMENT)) as process:
        handshake(process, declared)
        process.send(legacy(1, "tools/call", name="login", arguments={}))
        first = process.receive()
        if declared in ("url", "both"):
            assert first["method"] == "elicitation/create"
            question = first["params"]
            assert question["mode"] == "url"
            assert "requestedSchema" not in question
            process.send({"jsonrpc": "2.0", "id": first["id"], "result": {"action": "cancel"}})
            first = process.receive()
            assert question["url"] == first["result"]["structuredContent"]["sign_in_url"]
            assert first["result"]["structuredContent"]["confirm_code"] in question["message"]
        assert first["result"]["structuredContent"]["state"] == "pending"
        _, code, rest, _ = process.end_input()
    assert (code, rest) == (0, b"")


@pytest.mark.promise("S1", "S2", "S3", "S6", "S14", "S30")
@each_capability
def test_a_2026_host_is_asked_only_if_it_declared_url(declared: str) -> None:
    envelope = ENVELOPE | {"io.modelcontextprotocol/clientCapabilities": CAPABILITIES[declared]}
    with running("--sandbox", environment=clean_environment(**ENVIRONMENT)) as process:
        call = modern(1, "tools/call", name="login", arguments={})
        call["params"]["_meta"] = envelope
        result = process.ask(call)["result"]
        if declared in ("url", "both"):
            assert result["resultType"] == "input_required"
            assert set(result) <= {"resultType", "inputRequests", "requestState", "_meta"}
            (question,) = result["inputRequests"].values()
            assert (question["method"], question["params"]["mode"]) == ("elicitation/create", "url")
            assert "requestedSchema" not in json.dumps(result)
            ticket = question["params"]["url"].rpartition("/")[2]
            assert ticket not in result["requestState"]
            call["id"] = 2
            call["params"]["requestState"] = result["requestState"]
            call["params"]["inputResponses"] = {"sign_in": {"action": "cancel"}}
            result = process.ask(call)["result"]
            assert question["params"]["url"] == result["structuredContent"]["sign_in_url"]
        assert result["structuredContent"]["state"] == "pending"
        assert len(process.lines) == (2 if declared in ("url", "both") else 1)
        _, code, rest, _ = process.end_input()
    assert (code, rest) == (0, b"")


@pytest.mark.promise("S3")
@pytest.mark.parametrize("version", ["2025-06-18", "2025-03-26"])
def test_an_older_host_is_not_asked_whatever_it_declares(version: str) -> None:
    with running("--sandbox", environment=clean_environment(**ENVIRONMENT)) as process:
        hello = initialize()
        hello["params"] |= {"protocolVersion": version, "capabilities": CAPABILITIES["both"]}
        process.ask(hello)
        process.send({"jsonrpc": "2.0", "method": "notifications/initialized"})
        result = process.ask(legacy(1, "tools/call", name="login", arguments={}))["result"]
        assert json.loads(result["content"][0]["text"])["state"] == "pending"


@pytest.mark.promise("D78")
def test_no_progress_is_sent_to_a_host_that_did_not_ask_for_it() -> None:
    with running("--sandbox", environment=clean_environment(**ENVIRONMENT)) as process:
        handshake(process, "none")
        process.ask(legacy(1, "tools/call", name="login", arguments={}))
        process.send(legacy(2, "tools/call", name="login", arguments={}))
        process.ask(legacy(3, "tools/call", name="logout", arguments={}))
        assert process.receive()["id"] == 2


@pytest.mark.promise("S7")
@pytest.mark.parametrize("answer", [{"action": "maybe"}, {}])
def test_an_answer_of_a_2025_host_that_is_none_leaves_the_link(answer: dict[str, str]) -> None:
    with running("--sandbox", environment=clean_environment(**ENVIRONMENT)) as process:
        handshake(process, "url")
        process.send(legacy(1, "tools/call", name="login", arguments={}))
        process.send({"jsonrpc": "2.0", "id": process.receive()["id"], "result": answer})
        status = process.receive()["result"]["structuredContent"]
        assert status["next"].startswith("The host could not ask the user")
