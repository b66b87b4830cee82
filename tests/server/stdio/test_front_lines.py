"""Whatever a host sends: behind the front it gets what the SDK alone would have said."""

import io
import json
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

import anyio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mcp.server.mcpserver import MCPServer
from rememberizer_mcp.server.app import build_server
from rememberizer_mcp.server.settings.settings import Settings
from rememberizer_mcp.server.stdio import front
from rememberizer_mcp.server.stdio.front import Front, Script
from rememberizer_mcp.server.stdio.streams import BehindFront, Input, Output

from tests.snapshots.front import LISTS, VERSIONS, questions
from tests.support.conversation import Conversation, conversation, pipe, serve
from tests.support.process import ENVELOPE, LONGEST_SECONDS, initialize, legacy, modern
from tests.support.tiers import examples

DATA: dict[str, Any] = json.loads(Path(front.__file__).with_suffix(".json").read_text(encoding="utf-8"))
INITIALIZED = {"jsonrpc": "2.0", "method": "notifications/initialized"}
OPENINGS = [questions(spoken)[0] for spoken in VERSIONS] + [modern(1, "tools/list")]
STARTS = [
    *(message for spoken in VERSIONS for message in questions(spoken)),
    *(legacy(3, method) for method in LISTS),
    INITIALIZED,
    {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": "none", "reason": "r"}},
    legacy(4, "ping"),
    legacy(5, "resources/read", uri="rememberizer://nothing"),
    modern(6, "tools/list", _meta=ENVELOPE | {"progressToken": 1}),
]
ODD: list[Any] = [
    *(None, True, 0, -1, 1.5, 10**20, "", "ä", '"', "\ud800", [], {}, {"a": {}}, {"a": 1}, [{}]),
    *VERSIONS, *LISTS, "ping", "initialize", "server/discover",
]  # fmt: skip
NAMES = [
    "id",
    "params",
    "_meta",
    "cursor",
    "clientInfo",
    "capabilities",
    "roots",
    "listChanged",
    "title",
    "more",
    *ENVELOPE,
]


USUAL_ROW = "auth,knowledge off on False"


@cache
def server() -> MCPServer[Any]:
    return build_server(Settings())


async def replies(talk: Conversation, lines: bytes) -> list[bytes]:
    """What is answered to these lines, in any order: two errors in a row end it, whatever came before."""
    answered = []
    for number in range(2):
        sentinel = json.dumps({"jsonrpc": "2.0", "id": f"sentinel {number}", "method": "no/such"}).encode()
        talk.send(lines + sentinel + b"\n")
        lines = b""
        while f'"sentinel {number}"'.encode() not in (line := await talk.line()):
            assert line
            answered.append(line)
    return sorted(answered)


async def alone(lines: bytes) -> list[bytes]:
    """What the SDK says."""
    async with conversation(server()) as talk:
        return await replies(talk, lines)


async def behind_a_front(lines: bytes) -> list[bytes]:
    """What the front and the SDK say together."""
    (their_input, our_output), (our_input, their_output) = pipe(), pipe()
    talk = Conversation(our_output, our_input)
    front = Front(Script(DATA, USUAL_ROW), their_input.fileno(), their_output.fileno())
    front.ending.acquire()
    lane = threading.Thread(target=front.listen)
    lane.start()
    behind = BehindFront(front)
    stdin = Input(behind.read)
    broken: list[OSError] = []
    stdout = io.BufferedWriter(Output(behind.write, at_failure=broken.append))
    with their_input, their_output:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(serve, server(), stdin, stdout)
            said = await replies(talk, lines)
            talk.end()
        lane.join(LONGEST_SECONDS)
    assert (await talk.rest(), broken) == (b"", [])
    return said


def places(value: Any) -> list[tuple[dict[str, Any], str]]:
    """Each member of a message, however deep: the object that holds it, and its name."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    here = [(value, name) for name in value] if isinstance(value, dict) else []
    return here + [place for each in inner for place in places(each)]


CHANGES = [[], [], [], [], ["replace"], ["replace"], ["remove"], ["add"], ["add"], ["add", "replace"]]


@st.composite
def messages(draw: st.DrawFn) -> Any:
    """What hosts send, and what is nearly that."""
    message = deepcopy(draw(st.sampled_from(STARTS)))
    for change in draw(st.sampled_from(CHANGES)):
        holder, name = draw(st.sampled_from(places(message) or [({"": ""}, "")]))
        if change == "replace":
            holder[name] = deepcopy(draw(st.sampled_from(ODD)))
        elif change == "remove":
            del holder[name]
        else:
            holder[draw(st.sampled_from(NAMES))] = deepcopy(draw(st.sampled_from(ODD)))
    return message


USUAL: Sequence[dict[str, Any]] = ({"separators": (",", ":"), "ensure_ascii": False}, {})
FORMS = [
    *USUAL,
    *USUAL,
    *USUAL,
    *USUAL,
    {"separators": (",", ":")},
    {"ensure_ascii": False},
    {"indent": 1},
    {"separators": (" ,", ":")},
]


def in_bytes(message: Any, form: dict[str, Any]) -> bytes:
    return json.dumps(message, **form).encode(errors="surrogatepass")


BATCHES = st.lists(messages(), min_size=1, max_size=2)
LONG = st.integers(7_900, 20_000).map(lambda size: initialize() | {"id": "x" * size})
DEEP = st.integers(1, 400).map(
    lambda depth: b'{"jsonrpc":"2.0","id":1,"method":"ping","params":' + b'{"a":' * depth + b"1" + b"}" * depth + b"}"
)
LINES = st.one_of(
    *[st.builds(in_bytes, messages(), st.sampled_from(FORMS))] * 9,
    st.builds(in_bytes, st.one_of(BATCHES, LONG), st.sampled_from(FORMS)),
    DEEP,
    st.binary(max_size=30),
    st.builds(
        lambda message, noise: in_bytes(message, {}) + noise,
        messages(),
        st.sampled_from([b"\r", b" ", b"\0", b",", b"\xff"]),
    ),
    st.builds(lambda message: in_bytes(message, {}).replace(b'"id"', b'"id": 8, "id"'), messages()),
)


KNOWN = st.builds(
    in_bytes,
    st.sampled_from([INITIALIZED, *questions("2025-11-25")[1:], *questions("2026-07-28")]),
    st.sampled_from(USUAL),
)


@st.composite
def starts(draw: st.DrawFn) -> bytes:
    """A few lines, the first of which mostly opens a conversation."""
    openings = [in_bytes(message, form) for message in OPENINGS for form in USUAL]
    first = draw(st.sampled_from(openings)) if draw(st.integers(0, 9)) else draw(LINES)
    later = [draw(KNOWN if draw(st.booleans()) else LINES) for _ in range(draw(st.integers(1, 5)))]
    return b"".join(line + b"\n" for line in (first, *later))


@pytest.mark.promise("process:front:sdks-bytes", "process:front:unknown-goes-on")
@settings(max_examples=examples(200))
@given(lines=starts())
def test_no_host_notices_who_answers(lines: bytes) -> None:
    assert anyio.run(behind_a_front, lines) == anyio.run(alone, lines)


def left_by_a_front(sent: bytes, *, ended: bool = False) -> tuple[bytes, bytes]:
    """What a front has answered when it leaves, and what it leaves unread; the SDK serves already."""
    (source, ours), (our_input, sink) = pipe(), pipe()
    with source, ours, our_input, sink:
        front = Front(Script(DATA, USUAL_ROW), source.fileno(), sink.fileno())
        front.usable.set()
        front.ending.acquire()
        ours.write(sent)
        ours.close() if ended else ours.flush()
        front.listen()
        assert front.done.is_set()
        sink.close()
        return our_input.read(), front.unread


@pytest.mark.promise("process:front:unknown-goes-on")
@pytest.mark.parametrize("unread", [b"{\r", b"x" * 20_000, b"\n", b'{"half\n', b"\xe4\n" + in_bytes(OPENINGS[0], {})])
def test_a_front_leaves_as_soon_as_it_knows_no_more(unread: bytes) -> None:
    known = in_bytes(initialize(), {}) + b"\n"
    answered, left = left_by_a_front(known + unread)
    assert answered.count(b"\n") == 1
    assert unread.startswith(left)


@pytest.mark.promise("process:front:ends-in-time")
def test_a_front_says_no_more_than_a_pipe_holds() -> None:
    known = in_bytes(initialize(), {}) + b"\n" + (in_bytes(legacy(1, "tools/list"), {}) + b"\n") * 5
    answered, left = left_by_a_front(known)
    assert answered.count(b"\n") + left.count(b"\n") == 6
    assert 0 < len(answered) <= 65_536 < len(answered) / answered.count(b'"tools":') * 5


@pytest.mark.promise("process:front:unknown-goes-on", "process:front:ends-in-time")
@pytest.mark.parametrize("unread", [b"", b'{"half'])
def test_a_front_leaves_the_end_of_the_input_to_the_sdk_that_serves(unread: bytes) -> None:
    known = in_bytes(initialize(), {}) + b"\n"
    answered, left = left_by_a_front(known + unread, ended=True)
    assert (answered.count(b"\n"), left) == (1, unread)


@pytest.mark.promise("process:front:unknown-goes-on")
def test_only_the_answer_to_the_opening_is_dropped_however_it_is_written() -> None:
    (source, ours), (our_input, sink) = pipe(), pipe()
    with source, ours, our_input, sink:
        script = Script(DATA, USUAL_ROW)
        behind = BehindFront(Front(script, source.fileno(), sink.fileno()))
        assert behind.write(b"nothing was answered\n") == 21
        script.shown.append(b"opening")
        assert [behind.write(part) for part in (b"the ", memoryview(b"answer\n"), b"another\n")] == [4, 7, 8]
        sink.close()
        assert our_input.read() == b"nothing was answered\nanother\n"


@pytest.mark.promise("process:front:unknown-goes-on")
def test_the_sdk_reads_on_when_it_has_answered_the_opening() -> None:
    (source, ours), (our_input, sink) = pipe(), pipe()
    with source, ours, our_input, sink, ThreadPoolExecutor() as pool:
        front = Front(Script(DATA, USUAL_ROW), source.fileno(), sink.fileno())
        front.shown += [b"opening\n", b"initialized\n"]
        front.unread = b"unread"
        front.done.set()
        behind = BehindFront(front)
        assert behind.read(100) == b"opening\n"
        reading = pool.submit(behind.read, 100)
        assert not wait([reading], timeout=0.05).done
        behind.write(b"answer\n")
        assert reading.result(LONGEST_SECONDS) == b"initialized\nunread"
        ours.close()
        assert behind.read(100) == b""
