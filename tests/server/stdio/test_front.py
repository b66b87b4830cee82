"""The front's answers: which they are, and when they are given."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from rememberizer_mcp.server.stdio import front
from rememberizer_mcp.server.stdio.front import Script, chosen

from tests.snapshots.front import MADE_WITH, SUBSETS, VERSIONS, combinations, made, questions
from tests.support.process import ENVELOPE, initialize, legacy, modern
from tests.support.tiers import matrix

DATA: dict[str, Any] = json.loads(Path(front.__file__).with_suffix(".json").read_text(encoding="utf-8"))
USUAL = "auth,knowledge off on False"


def line(message: object, **options: Any) -> bytes:
    return json.dumps(message, **options).encode() + b"\n"


def composed(data: Mapping[str, Any], row: str) -> list[str]:
    """The results of a row, put together."""
    return ["".join(data["pieces"][piece] for piece in data["results"][number]) for number in data["rows"][row]]


@pytest.mark.promise("process:front:sdks-bytes")
@pytest.mark.parametrize("toolsets", matrix({each: each for each in SUBSETS}, usual=[SUBSETS[0], "auth,knowledge"]))
async def test_the_shipped_answers_are_those_of_the_installed_sdk(toolsets: str) -> None:
    """If this fails, run `make snapshots` and read the diff."""
    now = await made([toolsets])
    assert now["made_with"][0] in DATA["made_with"]
    assert (list(now["toolsets"]), now["questions"]) == (DATA["toolsets"], DATA["questions"])
    for row, settings in combinations([toolsets]):
        assert composed(now, row) == composed(DATA, row)
        environ = {f"REMEMBERIZER_{name}".upper(): value for name, value in settings.items() if name != "sandbox"}
        assert chosen(DATA, ["--sandbox"] * settings["sandbox"], environ) == row


@pytest.mark.promise("process:front:sdks-bytes")
def test_no_other_answers_are_shipped() -> None:
    assert list(DATA["rows"]) == [row for row, _ in combinations(SUBSETS)]
    assert all(list(versions) == list(MADE_WITH) for versions in DATA["made_with"])
    assert {piece for result in DATA["results"] for piece in result} == set(range(len(DATA["pieces"])))
    assert {result for row in DATA["rows"].values() for result in row} == set(range(len(DATA["results"])))


@pytest.mark.traced
@pytest.mark.exhaustive
def test_the_snapshot_is_written_by_a_command(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.snapshots.front", str(tmp_path / "auth.json"), "auth"]
    subprocess.run(command, check=True, timeout=60)
    first = (tmp_path / "auth.json").read_text(encoding="utf-8")
    subprocess.run(command, check=True, timeout=60)
    assert (tmp_path / "auth.json").read_text(encoding="utf-8") == first
    written = json.loads(first)
    assert list(written["rows"]) == [row for row, _ in combinations(["auth"])]
    assert all(composed(written, row) == composed(DATA, row) for row in written["rows"])


@pytest.mark.promise("process:front:answers-while-loading", "process:front:sdks-bytes")
@pytest.mark.parametrize("spoken", VERSIONS)
def test_each_question_of_a_start_is_answered_under_its_own_id(spoken: str) -> None:
    script = Script(DATA, USUAL)
    results = dict(zip(DATA["questions"], composed(DATA, USUAL), strict=True))
    for number, question in enumerate(questions(spoken)):
        identity = [7, -1, "a", 'ä "quoted" \n', 123456789012345][number]
        asked = question | {"id": identity}
        answer = script.answer(line(asked, ensure_ascii=False))
        result = results[f"{spoken} {question['method']}"]
        written = json.dumps(identity, ensure_ascii=False)
        assert answer == f'{{"jsonrpc":"2.0","id":{written},"result":{result}}}{os.linesep}'.encode()


def opened(era: str = "2025-11-25") -> Script:
    """A script that has answered its opening."""
    script = Script(DATA, USUAL)
    opening = initialize() if era == "2025-11-25" else modern(0, "tools/list")
    assert script.answer(line(opening))
    return script


@pytest.mark.promise("process:front:unknown-goes-on")
def test_the_sdk_is_shown_the_opening_and_that_the_host_is_initialized_and_nothing_else() -> None:
    script = opened()
    initialized = line({"jsonrpc": "2.0", "method": "notifications/initialized"})
    assert script.answer(line(legacy(1, "tools/list")))
    assert script.answer(initialized) == b""
    assert script.answer(line(legacy(2, "prompts/list")))
    assert script.shown == [line(initialize()), initialized]
    assert script.answer(initialized) is None
    script = opened("2026-07-28")
    assert script.answer(line(modern(1, "prompts/list")))
    assert script.answer(initialized) is None
    assert script.shown == [line(modern(0, "tools/list"))]


def with_client(**members: Any) -> dict[str, Any]:
    """An `initialize` whose client says more of itself."""
    message = initialize()
    message["params"]["clientInfo"] |= members
    return message


def with_capabilities(capabilities: Any) -> dict[str, Any]:
    message = initialize()
    message["params"]["capabilities"] = capabilities
    return message


def with_envelope(**members: Any) -> dict[str, Any]:
    named = {f"io.modelcontextprotocol/{name}": value for name, value in members.items()}
    return modern(1, "tools/list", _meta=ENVELOPE | named)


HOSTS: Sequence[dict[str, Any]] = (
    with_client(title="Claude Code", websiteUrl="https://example.org", description="d"),
    with_capabilities({"roots": {"listChanged": True}, "sampling": {}, "elicitation": {"form": {}, "url": {}}}),
    with_capabilities({"roots": {}, "sampling": {"context": {}, "tools": {}}}),
    with_capabilities({"tasks": {"list": {}, "cancel": {}, "requests": {"sampling": {"createMessage": {}}}}}),
    with_capabilities({"extensions": {"io.modelcontextprotocol/ui": {"mimeTypes": ["text/html"], "n": 1, "on": True}}}),
    with_capabilities({"experimental": {"x": {"y": {"z": ["w"]}}}}),
    with_envelope(clientInfo={"name": "n", "version": "", "title": "t"}),
    with_envelope(clientCapabilities={"elicitation": {"url": {}}, "roots": {}}),
    modern(1, "tools/list", _meta={k: v for k, v in ENVELOPE.items() if not k.endswith("clientInfo")}),
)


@pytest.mark.promise("process:front:answers-while-loading")
@pytest.mark.parametrize("message", HOSTS, ids=range(len(HOSTS)))
@pytest.mark.parametrize("compact", [True, False])
def test_what_hosts_say_of_themselves_is_known(message: dict[str, Any], compact: bool) -> None:
    written = line(message, separators=(",", ":") if compact else None)
    assert Script(DATA, USUAL).answer(written)


OPENING = initialize()
UNKNOWN_OPENINGS: Mapping[str, bytes] = {
    "no JSON": b"{\n",
    "a blank line": b"\n",
    "no UTF-8": b'"\xff"\n',
    "deep": b"[" * 5000 + b"\n",
    "a batch": line([OPENING]),
    "a carriage return": line(OPENING)[:-1] + b"\r\n",
    "a space in front": b" " + line(OPENING),
    "an escape that need not be": line(with_client(name="ä")),
    "half of a surrogate pair": line(with_client(name="\ud800")),
    "a name twice": line(OPENING).replace(b'"id": 0', b'"id": 0, "id": 0'),
    "another JSON-RPC": line(OPENING | {"jsonrpc": "2"}),
    "no JSON-RPC": line({name: value for name, value in OPENING.items() if name != "jsonrpc"}),
    "another member": line(OPENING | {"more": 1}),
    "an id that is true": line(OPENING | {"id": True}),
    "an id that is a fraction": line(OPENING | {"id": 1.0}),
    "an id that is nothing": line(OPENING | {"id": None}),
    "another method": line(OPENING | {"method": "ping"}),
    "a method that is a list": line(OPENING | {"method": []}),
    "parameters in a list": line(OPENING | {"params": []}),
    "no parameters": line({name: value for name, value in OPENING.items() if name != "params"}),
    "an unknown version": line(OPENING | {"params": OPENING["params"] | {"protocolVersion": "2027-01-01"}}),
    "a version that is a number": line(OPENING | {"params": OPENING["params"] | {"protocolVersion": 2}}),
    "initialize in the other era": line(OPENING | {"params": OPENING["params"] | {"protocolVersion": "2026-07-28"}}),
    "initialize with meta": line(OPENING | {"params": OPENING["params"] | {"_meta": {}}}),
    "a client without a version": line(OPENING | {"params": OPENING["params"] | {"clientInfo": {"name": "n"}}}),
    "a client without a name": line(OPENING | {"params": OPENING["params"] | {"clientInfo": {"version": "1"}}}),
    "a client that is text": line(OPENING | {"params": OPENING["params"] | {"clientInfo": "n"}}),
    "a client with icons": line(with_client(icons=[])),
    "a client with icons that are text": line(with_client(icons="x")),
    "a client with a number": line(with_client(title=1)),
    "capabilities that are null": line(with_capabilities(None)),
    "an unknown capability": line(with_capabilities({"more": {}})),
    "a capability that is true": line(with_capabilities({"sampling": True})),
    "roots that are nearly known": line(with_capabilities({"roots": {"listChanged": 1}})),
    "a detail that is text": line(with_capabilities({"tasks": {"list": "all"}})),
    "an extension that is a list": line(with_capabilities({"extensions": {"x": []}})),
    "an extension with a fraction": line(with_capabilities({"extensions": {"x": {"y": 1.5}}})),
    "an extension with null": line(with_capabilities({"extensions": {"x": {"y": None}}})),
    "a deep extension": line(with_capabilities({"extensions": {"x": {"y": [[[[[[1]]]]]]}}})),
    "a list before its time": line(legacy(1, "tools/list")),
    "initialized before its time": line({"jsonrpc": "2.0", "method": "notifications/initialized"}),
    "discover without an envelope": line({"jsonrpc": "2.0", "id": 1, "method": "server/discover"}),
    "initialize in an envelope": line(modern(1, "initialize")),
    "a call": line(modern(1, "tools/call", name="session_status", arguments={})),
    "a cursor": line(modern(1, "tools/list", cursor="x")),
    "no cursor": line(modern(1, "tools/list", cursor=None)),
    "meta that is a list": line(modern(1, "tools/list", _meta=[])),
    "a progress token": line(modern(1, "tools/list", _meta=ENVELOPE | {"progressToken": 1})),
    "a log level": line(with_envelope(logLevel="debug")),
    "an envelope of another version": line(with_envelope(protocolVersion="2025-11-25")),
    "an envelope with half a client": line(with_envelope(clientInfo={"name": "n"})),
    "an envelope without a client's worth": line(with_envelope(clientInfo=None)),
    "an envelope with odd capabilities": line(with_envelope(clientCapabilities={"sampling": None})),
    "an envelope without capabilities": line(modern(1, "tools/list", _meta=dict(list(ENVELOPE.items())[:2]))),
}


@pytest.mark.promise("process:front:unknown-goes-on")
@pytest.mark.parametrize("written", UNKNOWN_OPENINGS.values(), ids=UNKNOWN_OPENINGS)
def test_an_opening_that_is_not_known_to_the_letter_is_not_answered(written: bytes) -> None:
    script = Script(DATA, USUAL)
    assert script.answer(written) is None
    assert script.shown == []


LATER: Mapping[str, tuple[str, object]] = {
    "initialize again": ("2025-11-25", OPENING),
    "the other era's request": ("2025-11-25", modern(1, "tools/list")),
    "discover": ("2025-11-25", legacy(1, "server/discover")),
    "a progress token": ("2025-11-25", legacy(1, "tools/list", _meta={"progressToken": 1})),
    "a cursor": ("2025-11-25", legacy(1, "tools/list", cursor="x")),
    "null for parameters": ("2025-11-25", legacy(1, "tools/list") | {"params": None}),
    "a ping": ("2025-11-25", legacy(1, "ping")),
    "a cancellation": (
        "2025-11-25",
        {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 0}},
    ),
    "an answer": ("2025-11-25", {"jsonrpc": "2.0", "id": 0, "result": {}}),
    "initialized with more": (
        "2025-11-25",
        {"jsonrpc": "2.0", "method": "notifications/initialized", "params": {"x": 1}},
    ),
    "initialize after all": ("2026-07-28", OPENING),
    "a request without an envelope": ("2026-07-28", legacy(1, "tools/list")),
    "a request with nothing in it": ("2026-07-28", legacy(1, "tools/list", _meta={})),
}


@pytest.mark.promise("process:front:unknown-goes-on")
@pytest.mark.parametrize(("era", "message"), LATER.values(), ids=LATER)
def test_a_line_that_is_not_known_in_its_era_is_not_answered(era: str, message: object) -> None:
    script = opened(era)
    assert script.answer(line(message)) is None
    assert len(script.shown) == 1


@pytest.mark.promise("process:front:answers-while-loading")
@pytest.mark.parametrize("params", [None, {}, {"_meta": {}}])
def test_a_list_of_2025_is_known_with_and_without_empty_parameters(params: dict[str, Any] | None) -> None:
    message = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"} | ({} if params is None else {"params": params})
    assert opened().answer(line(message))
    notification = {"jsonrpc": "2.0", "method": "notifications/initialized", "params": {}}
    assert opened().answer(line(notification)) == b""
