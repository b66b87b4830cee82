"""What hosts declare and what they are sent: every capability in both eras, in raw lines.

The server is in this process, and for one capability of each era a real one over stdio.
"""

import json
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest

from tests.support.agent import Around, server_on
from tests.support.process import ENVELOPE, clean_environment, initialize, legacy, modern
from tests.support.raw_host import RawHost, on_process, on_server
from tests.support.upstream import usual

CAPABILITIES: dict[str, dict[str, Any]] = {
    "none": {},
    "empty": {"elicitation": {}},
    "form": {"elicitation": {"form": {}}},
    "url": {"elicitation": {"url": {}}},
    "both": {"elicitation": {"form": {}, "url": {}}},
}
Connect = Callable[[], AbstractAsyncContextManager[RawHost]]


def here() -> AbstractAsyncContextManager[RawHost]:
    """To a server in this process."""
    return on_server(server_on(usual().transport, None, Around(patience_seconds=30)))


def by_stdio() -> AbstractAsyncContextManager[RawHost]:
    """To a real one."""
    return on_process("--sandbox", environment=clean_environment(OPEN_BROWSER="never", LOG_LEVEL="debug"))


each_capability = pytest.mark.parametrize(
    ("declared", "connect"), [*((declared, here) for declared in CAPABILITIES), ("url", by_stdio)]
)


async def handshake(host: RawHost, declared: str, version: str = "2025-11-25") -> None:
    hello = initialize()
    hello["params"] |= {"protocolVersion": version, "capabilities": CAPABILITIES[declared]}
    assert (await host.ask(hello))["result"]["protocolVersion"] == version
    host.send({"jsonrpc": "2.0", "method": "notifications/initialized"})


@pytest.mark.promise(
    "sign-in:elicitation:no-secret-in-forms",
    "sign-in:elicitation:url-for-secrets",
    "sign-in:elicitation:declared-modes-only",
    "sign-in:elicitation:no-links-in-fields",
    "sign-in:ways:no-elicitation-needed",
)
@each_capability
async def test_a_2025_host_is_asked_only_if_it_declared_url(declared: str, connect: Connect) -> None:
    async with connect() as host:
        await handshake(host, declared)
        host.send(legacy(1, "tools/call", name="login", arguments={}))
        first = await host.receive()
        if declared in ("url", "both"):
            assert first["method"] == "elicitation/create"
            question = first["params"]
            assert question["mode"] == "url"
            assert "requestedSchema" not in question
            host.send({"jsonrpc": "2.0", "id": first["id"], "result": {"action": "cancel"}})
            first = await host.receive()
            assert question["url"] == first["result"]["structuredContent"]["sign_in_url"]
            assert first["result"]["structuredContent"]["confirm_code"] in question["message"]
        assert first["result"]["structuredContent"]["state"] == "pending"


@pytest.mark.promise(
    "tools:questions:link-id",
    "sign-in:elicitation:no-secret-in-forms",
    "sign-in:elicitation:url-for-secrets",
    "sign-in:elicitation:declared-modes-only",
    "sign-in:elicitation:no-links-in-fields",
    "sign-in:request-state:where-allowed",
    "sign-in:ways:no-elicitation-needed",
)
@each_capability
async def test_a_2026_host_is_asked_only_if_it_declared_url(declared: str, connect: Connect) -> None:
    envelope = ENVELOPE | {"io.modelcontextprotocol/clientCapabilities": CAPABILITIES[declared]}
    async with connect() as host:
        call = modern(1, "tools/call", name="login", arguments={})
        call["params"]["_meta"] = envelope
        result = (await host.ask(call))["result"]
        if declared in ("url", "both"):
            assert result["resultType"] == "input_required"
            assert set(result) <= {"resultType", "inputRequests", "requestState", "_meta"}
            (question,) = result["inputRequests"].values()
            assert (question["method"], question["params"]["mode"]) == ("elicitation/create", "url")
            assert len(question["params"]["elicitationId"]) >= 22
            assert "requestedSchema" not in json.dumps(result)
            ticket = question["params"]["url"].rpartition("/")[2]
            assert ticket not in result["requestState"]
            call["id"] = 2
            call["params"]["requestState"] = result["requestState"]
            call["params"]["inputResponses"] = {"sign_in": {"action": "cancel"}}
            result = (await host.ask(call))["result"]
            assert question["params"]["url"] == result["structuredContent"]["sign_in_url"]
        assert result["structuredContent"]["state"] == "pending"
        assert host.heard == (2 if declared in ("url", "both") else 1)


@pytest.mark.promise("sign-in:elicitation:declared-modes-only")
@pytest.mark.parametrize("version", ["2025-06-18", "2025-03-26"])
async def test_an_older_host_is_not_asked_whatever_it_declares(version: str) -> None:
    async with here() as host:
        await handshake(host, "both", version)
        result = (await host.ask(legacy(1, "tools/call", name="login", arguments={})))["result"]
        assert json.loads(result["content"][0]["text"])["state"] == "pending"


@pytest.mark.promise("sign-in:pending:patience")
async def test_no_progress_is_sent_to_a_host_that_did_not_ask_for_it() -> None:
    async with here() as host:
        await handshake(host, "none")
        await host.ask(legacy(1, "tools/call", name="login", arguments={}))
        host.send(legacy(2, "tools/call", name="login", arguments={}))
        await host.ask(legacy(3, "tools/call", name="logout", arguments={}))
        assert (await host.receive())["id"] == 2


@pytest.mark.promise("sign-in:elicitation:outcomes-told-apart")
@pytest.mark.parametrize("answer", [{"action": "maybe"}, {}])
async def test_an_answer_of_a_2025_host_that_is_none_leaves_the_link(answer: dict[str, str]) -> None:
    async with here() as host:
        await handshake(host, "url")
        host.send(legacy(1, "tools/call", name="login", arguments={}))
        host.send({"jsonrpc": "2.0", "id": (await host.receive())["id"], "result": answer})
        status = (await host.receive())["result"]["structuredContent"]
        assert status["next"].startswith("The host could not ask the user")
