"""What a started command says: nothing, noise, refusals, and the words of another server."""

import sys
import time

import pytest
from anyio import to_thread
from rememberizer_mcp.server.doctor.exchange import LEGACY, MODERN, Era, Exchange, Fault
from rememberizer_mcp.server.doctor.report import Finding

from tests.server.doctor.starting import ENTRY, OWN, failure_of, start, told
from tests.support.marked import is_left, mark

PEER = """
import json, sys
name, fault = sys.argv[1:]
for line in sys.stdin:
    asked = json.loads(line)
    if "id" not in asked:
        continue
    result = {"serverInfo": {"name": name, "version": "9"}, "tools": None}
    if fault == "refuses":
        print(json.dumps({"jsonrpc": "2.0", "id": asked["id"], "error": {"code": 1, "message": "no"}}), flush=True)
        continue
    if fault == "chatters":
        print(json.dumps({"jsonrpc": "2.0", "method": "notifications/message", "params": {}}), flush=True)
    print(json.dumps({"jsonrpc": "2.0", "id": asked["id"], "result": result}), flush=True)
if fault == "unnamed end":
    print("goodbye", flush=True)
if fault == "stays":
    import time
    time.sleep(1.2)
"""
MODERN_PEER = PEER.replace('{"serverInfo": {"name": name, "version": "9"}, "tools": None}', '{"_meta": []}')


@pytest.mark.promise("doctor:looks:commands", "doctor:safe:ends")
async def test_a_command_that_hangs_is_ended_with_all_that_it_started() -> None:
    begun = time.monotonic()
    stays = mark(3)
    text, step = await failure_of("/bin/sh", "-c", f"sleep {stays} & sleep {stays}", seconds=0.5)
    assert time.monotonic() - begun < float(stays)
    assert text == "did not answer the handshake within 0 s."
    assert step.startswith("Try again")
    assert not await to_thread.run_sync(is_left, stays)


@pytest.mark.promise("doctor:looks:commands", "process:stdout:protocol-only")
@pytest.mark.parametrize(
    ("script", "noise"),
    [
        ("echo 'Welcome, ada'; cat", "[redacted] ada"),
        ("echo; cat", "a blank line"),
        ("echo '[]'; cat", "[]"),
        ("echo '{}'; cat", "{}"),
        ("printf 'no end'", "no end"),
        ("printf '\\033[31mred\\a'", "[31mred"),
        ("head -c 2100000 /dev/zero | tr '\\0' x", "x" * 20),
        ("printf '[%.0s' $(seq 100000); echo", "[" * 20),
    ],
)
async def test_whatever_is_no_line_of_the_protocol_is_noise(script: str, noise: str) -> None:
    text, step = await failure_of("/bin/sh", "-c", script)
    said = text.removeprefix("wrote to stdout what is not of the protocol: ")
    assert said.startswith(noise)
    assert len(said) <= 300
    assert said.isprintable()
    assert "stderr" in step


async def test_a_command_that_never_stops_talking_is_noise() -> None:
    line = '{"jsonrpc": "2.0", "method": "notifications/message"}'
    text, _ = await failure_of("/bin/sh", "-c", f"yes '{line}'")
    assert text.startswith("wrote to stdout what is not of the protocol")


async def peer(name: str, fault: str, *, program: str = PEER, era: Era = LEGACY) -> Exchange:
    return await start(sys.executable, "-c", program, name, fault, era=era)


def judged(seen: Exchange) -> Finding:
    return told(seen, ENTRY)


@pytest.mark.promise("doctor:looks:commands")
async def test_another_server_under_our_name_is_a_warning() -> None:
    found = judged(await peer("other\033[31m", "chatters"))
    assert (found.level, found.text) == (
        "warning", "Claude Desktop: under our name stands another server, other [31m 9.",
    )  # fmt: skip
    nameless = judged(await peer("", "", program=MODERN_PEER, era=MODERN))
    assert nameless.text.endswith("another server, without a name.")


@pytest.mark.promise("doctor:looks:commands")
async def test_a_refused_handshake_is_a_failure() -> None:
    seen = await peer("rememberizer-mcp", "refuses")
    assert seen.fault is Fault.ERROR
    assert judged(seen).text == "Claude Desktop: the command answered the handshake with an error."


@pytest.mark.promise("doctor:looks:commands", "process:stdout:protocol-only")
async def test_words_after_the_end_of_input_are_noise_too() -> None:
    seen = await peer("rememberizer-mcp", "unnamed end")
    assert (seen.fault, seen.noise) == (Fault.NOISE, b"goodbye")


@pytest.mark.promise("doctor:looks:commands", "process:stdout:protocol-only")
async def test_a_command_that_outlives_its_input_is_a_warning() -> None:
    found = judged(await peer("rememberizer-mcp", "stays"))
    assert found.level == "warning"
    assert found.text.endswith("It did not end within a second of the end of its input.")


def test_how_far_a_silent_command_came_is_said() -> None:
    for ms, stage in (({}, "the handshake"), ({"first": 1.0}, "tools/list"), ({"first": 1.0, "tools": 1.0}, "a call")):
        seen = Exchange(fault=Fault.SILENT, ms=dict(ms), stderr=b"loading")
        found = told(seen, OWN, seconds=9)
        assert found.text == f"MCP {LEGACY}: the server did not answer {stage} within 9 s. It says: loading"


async def test_only_the_end_of_a_long_log_is_kept_and_no_half_line() -> None:
    script = "i=0; while [ $i -lt 9000 ]; do echo 0123456789 $i; i=$((i+1)); done >&2; exit 1"
    seen = await start("/bin/sh", "-c", script)
    assert len(seen.stderr) <= 65_536
    assert seen.stderr.startswith(b"0123456789 ")
    assert seen.stderr.endswith(b" 8999\n")
    assert (await start("/bin/sh", "-c", "head -c 100000 /dev/zero >&2; exit 1")).stderr == b""
