"""Malformed lines in the real process: each that holds an id is answered once, and every other call goes on."""

import itertools
import json
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mcp_types import INVALID_REQUEST, PARSE_ERROR

from tests.support.process import SHORTEST_WAIT_SECONDS, Process, clean_environment, initialize, legacy, modern, running
from tests.support.tiers import examples

SURROGATE = legacy(7, "tools/call", name="session_status", arguments={"session": "x\ud83d"})
LONG = ",".join(["9" * 4_300] * 1_100)
MORE_THAN_A_PIPE_HOLDS = 3_000


def line(message: Any) -> bytes:
    return json.dumps(message).encode() + b"\n"


def answers(process: Process, *lines: bytes, number: int) -> list[dict[str, Any]]:
    """So many answers to these lines, in the order of their ids; the next is that to a request sent after them."""
    process.stdin.write(b"".join(lines))
    said = [process.receive() for _ in range(number)]
    assert process.ask(legacy(next(NUMBERS), "ping"))["result"] == {}
    return sorted(said, key=lambda answer: (answer["id"] is None, str(answer["id"])))


NUMBERS = itertools.count(1_000_000)


@pytest.fixture(scope="module", params=["behind a front", "alone"])
def process(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    """One for all the tests here: no line may harm those that come later."""
    folder = tmp_path_factory.mktemp("sandbox")
    arguments = ("--sandbox", "--data", str(folder / "data")) if request.param == "alone" else ()
    with running(*arguments, environment=clean_environment() | {"XDG_RUNTIME_DIR": str(folder)}) as started:
        started.ask(initialize())
        started.send({"jsonrpc": "2.0", "method": "notifications/initialized"})
        yield started
        took, code, rest, noise = started.end_input()
        assert took < SHORTEST_WAIT_SECONDS
        assert (code, rest, noise) == (0, b"", b"")


@pytest.mark.promise("process:lines:unreadable-answered")
def test_half_a_surrogate_pair_is_answered_and_logged_nowhere(process: Process) -> None:
    others = [
        SURROGATE | {"id": 8, "method": "\udc00"},
        SURROGATE | {"id": "a\ud83d"},
        modern(9, "ping", name="\ud83d"),
    ]
    said = answers(process, *map(line, [SURROGATE, *others]), number=4)
    assert [each["id"] for each in said] == [7, 8, 9, "a\ud83d"]
    assert {each["error"]["code"] for each in said} == {INVALID_REQUEST}


@pytest.mark.promise("process:lines:unreadable-answered")
def test_what_is_no_utf8_or_too_deep_is_answered(process: Process) -> None:
    deep = b'{"method": "ping", "params": {"a": ' + b"[" * 100_000 + b"]" * 100_000 + b'}, "jsonrpc": "2.0", "id": 7}\n'
    wrong = b'{"jsonrpc": "2.0", "id": 8, "method": "ping", "params": {"a": \xff}}\n'
    long = b'{"jsonrpc": "2.0", "id": 9, "method": "ping", "params": {"a": [%s], "b": "\\ud83d"}}\n' % LONG.encode()
    digits = b'{"jsonrpc": "2.0", "id": %s, "method": "ping"}\n' % (b"9" * 4_300)
    said = answers(process, deep, wrong, long, digits, number=4)
    assert [each["id"] for each in said if "error" in each] == [7, 8, 9]
    assert [each["error"]["code"] for each in said if "error" in each] == [PARSE_ERROR, PARSE_ERROR, INVALID_REQUEST]
    assert [each["id"] for each in said if "error" not in each] == [int("9" * 4_300)]


@pytest.mark.promise("process:lines:no-request-answered")
def test_what_is_no_request_is_answered_as_json_rpc_says(process: Process) -> None:
    batch = line([legacy(1, "ping"), legacy(2, "ping")])
    lines = [batch, b"[]\n", *(line(legacy(3, "ping") | change) for change in CHANGES)]
    said = answers(process, *lines, number=9)
    assert [each["id"] for each in said] == [1, 1.0, 2, 3, 3, 3, 3, None, None]
    assert {each["error"]["code"] for each in said} == {INVALID_REQUEST}


CHANGES: Sequence[dict[str, Any]] = (
    {"params": []},
    {"params": "x"},
    {"id": 1.0},
    {"id": None},
    {"method": 1},
    {"jsonrpc": "1.0"},
)


@pytest.mark.promise("process:lines:no-request-answered", "process:stdout:protocol-only")
def test_what_is_no_json_is_answered_and_what_has_no_answer_is_not(process: Process) -> None:
    silent = b'\n \r\n{"jsonrpc": "2.0", "method": "x", "params": []}\n{"jsonrpc": "2.0", "id": 7, "result": "x"}\n'
    said = answers(process, b"not json\n", silent, b'{"half":\n', b"\xff\xfe\n", number=3)
    assert [(each["id"], each["error"]["code"]) for each in said] == [(None, PARSE_ERROR)] * 3


@pytest.mark.promise("process:lines:no-request-answered")
def test_what_a_line_says_is_not_said_back(process: Process) -> None:
    canary = "canary-of-a-password"
    lines = [line(legacy(3, canary, password=canary) | change | {canary: canary}) for change in CHANGES]
    answers(process, *lines, canary.encode() + b"\n", b'{"id": 7, "' + canary.encode() + b"\n", number=8)
    assert canary.encode() not in b"".join(process.lines)


def test_a_mark_of_byte_order_is_no_part_of_the_first_line() -> None:
    with running() as process:
        process.stdin.write(b"\xef\xbb\xbf" + line(initialize()))
        assert process.receive()["result"]["protocolVersion"] == "2025-11-25"


@pytest.mark.traced
@pytest.mark.promise("process:lines:no-request-answered")
def test_a_host_that_reads_no_refusals_can_end_the_process() -> None:
    with running() as process:
        process.ask(initialize())
        process.ask(legacy(1, "ping"))
        process.stdin.write(b"[]\n" * MORE_THAN_A_PIPE_HOLDS)
        took, code, rest, noise = process.end_input()
    assert took < SHORTEST_WAIT_SECONDS
    assert (code, noise) == (0, b"")
    assert 100 < rest.count(b'"code":-32600') < MORE_THAN_A_PIPE_HOLDS


@pytest.mark.traced
@pytest.mark.promise("process:lines:unreadable-answered")
@pytest.mark.parametrize("end", [b"", b"\n"])
def test_a_long_line_that_is_cut_does_not_delay_the_end(end: bytes) -> None:
    with running() as process:
        process.ask(initialize())
        process.ask(legacy(1, "ping"))
        process.stdin.write(b'{"jsonrpc": "2.0", "id": 2, "method": "' + b'\\"' * 40_000 + end)
        took, code, rest, noise = process.end_input()
    assert took < SHORTEST_WAIT_SECONDS
    assert (code, noise, b'"id":2,' in rest) == (0, b"", True)


@pytest.mark.promise("process:lines:no-request-answered")
def test_a_host_that_reads_late_is_told_how_many_refusals_it_missed() -> None:
    with running() as process:
        process.ask(initialize())
        process.ask(legacy(1, "ping"))
        process.stdin.write(b"[]\n" * MORE_THAN_A_PIPE_HOLDS + line(legacy(7, "ping")))
        told, more = 0, " more lines were refused, and nobody read why."
        while told < MORE_THAN_A_PIPE_HOLDS:
            answer = process.receive()
            if "error" in answer:
                message = answer["error"]["message"]
                told += int(message.removesuffix(more)) if message.endswith(more) else 1
        assert told == MORE_THAN_A_PIPE_HOLDS


ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.floats(allow_nan=False),
    st.integers(),
    st.text(st.characters(categories=["L", "Cs", "Cc"]), max_size=5),
    st.lists(st.none(), max_size=2),
    st.dictionaries(st.sampled_from(["id", "method", "name", "\ud83d"]), st.none() | st.just([]), max_size=2),
)


@st.composite
def lines_with_an_id(draw: st.DrawFn) -> list[tuple[str, Any]]:
    """The members of a request whose id is a number of its own, of which some are changed, in any order."""
    members: dict[str, Any] = {"jsonrpc": "2.0", "method": "ping", "params": {}, "id": None}
    for name in draw(st.lists(st.sampled_from(["jsonrpc", "method", "params", "more", "name"]), max_size=3)):
        members[name] = draw(ODD)
    for name in draw(st.lists(st.sampled_from(["jsonrpc", "method", "params"]), max_size=1)):
        members.pop(name, None)
    return list(draw(st.permutations(list(members.items()))))


@pytest.mark.promise("process:lines:unreadable-answered", "process:lines:no-request-answered")
@settings(deadline=None, max_examples=examples(25))
@given(batch=st.lists(lines_with_an_id(), min_size=1, max_size=20), cut=st.integers(0, 3))
def test_every_line_with_an_id_is_answered_exactly_once(
    process: Process, batch: list[list[tuple[str, Any]]], cut: int
) -> None:
    ids = [next(NUMBERS) for _ in batch]
    written = [
        json.dumps({name: number if name == "id" else value for name, value in members})
        for members, number in zip(batch, ids, strict=True)
    ]
    whole = [text[: len(text) - cut] if text.endswith(f'"id": {ids[0]}}}') else text for text in written]
    said = answers(process, *(text.encode() + b"\n" for text in whole), number=len(ids))
    counted = {each["id"] for each in said}
    assert counted - {None} <= set(ids)
    assert cut or counted == set(ids)
