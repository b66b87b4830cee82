"""What is answered to lines that the SDK would leave without an answer, and which lines are its own."""

import json
import time
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from mcp_types import INVALID_REQUEST, PARSE_ERROR, JSONRPCRequest, jsonrpc_message_adapter
from pydantic import ValidationError
from rememberizer_mcp.server.stdio.malformed import MOST_OF_A_BATCH, about_lost, refusal

from tests.support.tiers import examples

DEEP = "[" * 100_000 + "]" * 100_000
LONG = "9" * 4_300
BATCH = "Batches are not taken: send each message on a line of its own."
NO_JSON = "This line is no JSON, or too deep."
ODD = "It holds half of a surrogate pair or too long a number, or is nested too deeply."
ID = "`id` must be a string or a whole number."


def ping(identity: str, **members: str) -> str:
    """A request, its members written in JSON."""
    written = {"jsonrpc": '"2.0"', "id": identity, "method": '"ping"'} | members
    return "{" + ", ".join(f'"{name}": {value}' for name, value in written.items()) + "}"


INVALID: dict[str, tuple[str, str, str]] = {
    "half a surrogate pair": (ping("7", params=r'{"session": "x\ud83d"}'), "7", ODD),
    "half a pair in a name": (ping("7", params=r'{"\udc00": 1}'), "7", ODD),
    "half a pair in the id": (ping(r'"a\ud83d"'), r'"a\ud83d"', ODD),
    "params as a list": (ping("7", params="[]"), "7", "`params` must be an object."),
    "params as a text": (ping("7", params='"oops"'), "7", "`params` must be an object."),
    "an id with a fraction of nothing": (ping("1.0"), "1.0", ID),
    "an id with a fraction": (ping("-1.5"), "-1.5", ID),
    "an id with an exponent": (ping("1e3"), "1e3", ID),
    "an id with a fraction beside a notification": (ping("1.5", method='"notifications/cancelled"'), "1.5", ID),
    "an id of too many digits": (ping("1" + LONG), "1" + LONG, ODD),
    "an id of null": (ping("null"), "null", ID),
    "an id of null beside a method that is a number": (ping("null", method="1"), "null", ID),
    "an id of true": (ping("true"), "null", ID),
    "an id in a list": (ping("[7]"), "null", ID),
    "an id that is no number": (ping("NaN"), "null", ID),
    "an id whose name is escaped": (r'{"jsonrpc": "2.0", "\u0069d": 1.0, "method": "ping"}', "1.0", ID),
    "an id with quotes": (ping(r'"a\"b\\"', params="5"), r'"a\"b\\"', "`params` must be an object."),
    "a method that is a number": (ping("7", method="123"), "7", "`method` must be a string."),
    "a method of null": (ping("7", method="null"), "7", "`method` must be a string."),
    "no method": ('{"jsonrpc": "2.0", "id": 7}', "7", "`method` must be a string."),
    "a method that is a number, without an id": ('{"jsonrpc": "2.0", "method": 1}', "null", ID),
    "a method beside a result": (ping("7", params="[]", result="{}"), "7", "`params` must be an object."),
    "no version": ('{"id": 99, "method": "ping"}', "99", '`jsonrpc` must be "2.0".'),
    "another version": (ping("7", jsonrpc='"1.0"'), "7", '`jsonrpc` must be "2.0".'),
    "a version as a number": (ping("7", jsonrpc="2.0"), "7", '`jsonrpc` must be "2.0".'),
    "too deep for the SDK": (ping("7", params='{"a": ' + "[" * 250 + "]" * 250 + "}"), "7", ODD),
    "too long a number": (ping("7", params='{"a": 1' + LONG + "}"), "7", ODD),
    "a batch": (f"[{ping('7')}]", "7", BATCH),
    "an empty batch": ("[]", "null", BATCH),
    "a batch of nothing that can be answered": ('[1, {"method": "x"}, {"id": 7, "result": {}}]', "null", BATCH),
    "nothing": ("{}", "null", '`jsonrpc` must be "2.0".'),
    "a number": ("5", "null", "A message is a JSON object."),
    "null": ("null", "null", "A message is a JSON object."),
    "a text": ('"ping"', "null", "A message is a JSON object."),
}  # fmt: skip
BROKEN: dict[str, tuple[str, str]] = {
    "words": ("not json", "null"),
    "a header": ("Content-Length: 12", "null"),
    "a lonely brace": ("{", "null"),
    "too deep": (ping("7", params=f'{{"a": {DEEP}}}'), "7"),
    "too deep, the id last": (f'{{"method": "x", "params": {{"id": 5, "a": {DEEP}}}, "jsonrpc": "2.0", "id": 7}}', "7"),
    "cut off behind the id": ('{"jsonrpc": "2.0", "id": 12, "method": "pi', "12"),
    "cut off in a text with brackets": ('{"method": "}{", "id": "a\\"}", "params": {"x": "', r'"a\"}"'),
    "cut off behind an id with a fraction": ('{"jsonrpc": "2.0", "id": 1.50, "method": "pi', "1.50"),
    "cut off behind an id with an exponent": ('{"id": 1e-3, "method": "pi', "1e-3"),
    "cut off behind an id with a great exponent": ('{"id": 1E+3, "method": "pi', "1E+3"),
    "cut off without any space": ('{"jsonrpc":"2.0","id":12,"method":"pi', "12"),
    "cut off behind an empty text": ('{"method": "", "id": 7, "params": {', "7"),
    "cut off in the id": ('{"jsonrpc": "2.0", "id": 12', "null"),
    "an id in what is inside": ('{"params": {"id": 5}, "method": "x', "null"),
    "an id in a list": ('[{"id": 5}, {"id": ', "null"),
    "an id that is no JSON": ('{"id": 01, "method": }', "null"),
    "a member without its name": ('{"method": "ping", "id": 7, }', "7"),
    "quotes of another kind": ("{'jsonrpc': '2.0', 'id': 7}", "null"),
    "two messages in a line": (ping("7") + ping("8"), "7"),
    "a mark of byte order": ("\ufeff" + ping("7"), "7"),
    "a tab in a text": (ping("7", method='"a\tb"'), "7"),
    "what was no UTF-8": (ping("7") + "\ufffd", "7"),
}  # fmt: skip
LEFT_ALONE = {
    "a request": ping("7"),
    "a request with an id of many digits": ping(LONG),
    "a request with long numbers": ping("7", params=f'{{"a": [{LONG}, NaN]}}'),
    "a request without params": ping("7", params="null"),
    "a request with two ids": '{"jsonrpc": "2.0", "id": 1.5, "id": 8, "method": "ping"}',
    "a notification": '{"jsonrpc": "2.0", "method": "notifications/initialized"}',
    "a notification with wrong params": '{"jsonrpc": "2.0", "method": "x", "params": []}',
    "a notification with an id of null": ping("null", method='"notifications/initialized"'),
    "a notification of another kind with an id of null": ping("null", method='"notifications/cancelled"', params="{}"),
    "a notification of another version": '{"method": "x"}',
    "a response": '{"jsonrpc": "2.0", "id": 7, "result": {}}',
    "a response that can't be one": '{"jsonrpc": "2.0", "id": 7, "result": "x"}',
    "an error that can't be one": '{"jsonrpc": "2.0", "id": 1.0, "error": null}',
    "a response that is too deep": f'{{"jsonrpc": "2.0", "id": 7, "result": {{"a": {DEEP}}}}}',
    "a response that is cut off": '{"id": 7, "result": {"a": ',
    "nothing": "",
    "white space": " \t\n",
}


def refused(line: str) -> list[dict[str, Any]]:
    said = refusal(line)
    return [] if said is None else [json.loads(each, parse_int=str, parse_float=str) for each in said.split("\n")]


@pytest.mark.parametrize(("line", "identity", "message"), INVALID.values(), ids=INVALID)
def test_what_is_no_request_is_refused_with_its_id(line: str, identity: str, message: str) -> None:
    said = refusal(line + "\n") or ""
    error = f'"error":{{"code":{INVALID_REQUEST},"message":{json.dumps(message)}}}'
    assert said == f'{{"jsonrpc":"2.0","id":{identity},{error}}}'


@pytest.mark.parametrize(("line", "identity"), BROKEN.values(), ids=BROKEN)
def test_what_is_no_json_is_refused_with_the_id_that_can_be_seen(line: str, identity: str) -> None:
    said = refusal(line + "\n") or ""
    error = f'"error":{{"code":{PARSE_ERROR},"message":{json.dumps(NO_JSON)}}}'
    assert said == f'{{"jsonrpc":"2.0","id":{identity},{error}}}'


@pytest.mark.parametrize("line", LEFT_ALONE.values(), ids=LEFT_ALONE)
def test_what_the_sdk_answers_and_what_nobody_does_is_left_alone(line: str) -> None:
    assert refusal(line) is None


def test_a_batch_is_refused_for_each_of_its_ids_once() -> None:
    batch = [
        ping("1"),
        ping('"b"'),
        '{"jsonrpc": "2.0", "method": "x"}',
        ping("1"),
        ping("2.5"),
        "7",
        "[]",
        "null",
        '"idle"',
    ]
    assert [each["id"] for each in refused(f"[{', '.join(batch)}]")] == ["1", "b", "2.5"]
    many = ", ".join(ping(str(number)) for number in range(MOST_OF_A_BATCH + 50))
    assert len(refused(f"[{many}]")) == MOST_OF_A_BATCH


def test_what_nobody_read_is_counted_in_a_line_of_the_protocol() -> None:
    told = json.loads(about_lost(7))
    assert (told["id"], told["error"]["code"]) == (None, INVALID_REQUEST)
    assert told["error"]["message"] == "7 more lines were refused, and nobody read why."


def is_request(line: str) -> bool:
    """Whether the SDK takes it for one."""
    try:
        return isinstance(jsonrpc_message_adapter.validate_json(line, by_name=False), JSONRPCRequest)
    except ValidationError:
        return False


LONG_LINES = {
    "quotes in a text that is cut": ('{"id":1,"a":"', '\\"'),
    "quotes in a name that is cut": ('{"id":1,"', '\\"'),
    "backslashes in a text that is cut": ('{"id":1,"a":"', "\\"),
    "texts without names": ('{"id":1,', '"a"'),
    "names without values": ('{"id":1,', '"a":'),
    "quotes alone": ("{", '"'),
    "many ids": ("{", '"id":1,'),
    "numbers that don't end": ('{"id":', "1"),
    "white space behind a name": ('{"a"', " "),
    "white space behind a value": ('{"a":1', " "),
    "white space before a value": ('{"a":', " "),
    "brackets": ("{", "[{"),
    "brackets that close": ("{", "{}"),
    "brackets in a text that is cut": ('{"a":"', "[{"),
    "deep nesting": ("", '{"id":'),
    "a batch that is cut": ("[", '{"id":1},'),
    "half surrogate pairs": ('{"id":1,"a":"', r"\ud83d"),
    "commas": ("{", ","),
}
SHORT, TIMES, MOST_TIMES = 2_500, 8, 24
"""What grows with the length takes ``TIMES`` as long for ``TIMES`` the length, what grows with its square 64 times."""


def processor_time(line: str) -> float:
    """The least of some tries, which others on this machine don't add to."""
    took = []
    for _ in range(5):
        begun = time.thread_time_ns()
        refusal(line)
        took.append(time.thread_time_ns() - begun)
    return min(took)


@pytest.mark.promise("process:lines:unreadable-answered")
@pytest.mark.parametrize(("begin", "part"), LONG_LINES.values(), ids=LONG_LINES)
def test_the_cost_of_a_line_grows_with_its_length_alone(begin: str, part: str) -> None:
    short, long = (processor_time(begin + part * number + "\n") for number in (SHORT, SHORT * TIMES))
    assert long < short * MOST_TIMES


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(categories=["L", "Cs"])),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["id", "method", "a", "\ud83d"]), inner),
    max_leaves=5,
)
MESSAGES = st.fixed_dictionaries(
    {},
    optional={
        "jsonrpc": st.just("2.0") | VALUES,
        "id": st.integers(-5, 5) | VALUES,
        "method": st.just("ping") | VALUES,
        "params": VALUES,
        "result": VALUES,
        "error": VALUES,
        "more": VALUES,
    },
)


@settings(deadline=None, max_examples=examples(300))
@given(message=MESSAGES, data=st.data())
def test_a_line_with_a_request_s_id_is_answered_by_one_of_the_two(message: dict[str, Any], data: st.DataObject) -> None:
    names = data.draw(st.permutations(list(message)))
    line = json.dumps({name: message[name] for name in names})
    is_response = "method" not in message and ("result" in message or "error" in message)
    said = refused(line)
    assert len(said) <= 1
    if "id" in message and not is_response:
        assert bool(said) != is_request(line)
        assert not said or said[0]["id"] is None or json.dumps(said[0]["id"]).strip('"') in line


@settings(deadline=None, max_examples=examples(300))
@example(text='{"id": "' + "\\" * 9)
@example(text="{" + '"id":' * 99)
@given(text=st.text(st.sampled_from('{}[],:"\\ id7e.-+\t"\'é\ud83d')))
def test_no_text_whatsoever_does_harm(text: str) -> None:
    for each in refused(text):
        assert each["jsonrpc"] == "2.0"
        assert int(each["error"]["code"]) in (INVALID_REQUEST, PARSE_ERROR)
