"""``Body``: whatever bytes arrive, they are read without harm and only as far as they can be."""

import json
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rememberizer_mcp.server.api.body import MOST_WORDS, Body

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)

MOST_SECONDS = 0.3
"""Of the processor: ten times what it takes, a quarter of what it took."""


def body(value: Any) -> Body:
    return Body(json.dumps(value).encode())


@pytest.mark.promise("upstream:answers:every-variant")
@pytest.mark.parametrize(
    ("value", "fields"),
    [
        ({"email": "a"}, {"email": "a"}),
        ({"data": {"email": "a"}, "message": "ok", "code": None}, {"email": "a"}),
        ({"data": [{"email": "a"}], "message": "ok"}, {"data": [{"email": "a"}], "message": "ok"}),
        ({"data": None}, {"data": None}),
        ([{"email": "a"}], {}),
        ("text", {}),
        (None, {}),
        (7, {}),
    ],
)
def test_the_fields_are_taken_out_of_the_envelope(value: Any, fields: dict[str, Any]) -> None:
    assert body(value).fields == fields


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"<html>captcha</html>",
        b"\xff\xfe",
        b"NaN",
        b'{"a": Infinity}',
        b"[" * 100_000,
        b"[" * 100_000 + b"]" * 100_000,
        b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
        b"1" * 10_000,
        b'"' + b"x" * 10_000_000,
    ],
    ids=lambda raw: f"{raw[:9]!r} {len(raw)} {raw[-1:]!r}",
)
def test_what_is_no_json_has_no_fields_and_no_words(raw: bytes) -> None:
    read = Body(raw)
    assert (read.json, read.fields, read.words) == (None, {}, "")


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (rb'{"a": "x\ud83d", "b": [1, "\uDE00y"]}', {"a": "x", "b": [1, "y"]}),
        (rb'"\ud83d\ude00"', "😀"),
        (rb'["\ud83d\ud83d\ude00\uDE00", "\\\\ud83d", "\\ud83d\n"]', ["😀", "\\\\ud83d", "\\ud83d\n"]),
        (rb'{"\ud83d": 1, "\u00e9\udbff": 2}', {"": 1, "é": 2}),
        (b'["\\ud800"]\\', None),
        (rb'"\ud800', None),
        (rb'["\ud800", NaN]', None),
        (rb'["\ud800", ' + b"[" * 100_000, None),
    ],
    ids=["lone halves", "a pair", "halves beside pairs and escapes", "names", "an end", "cut", "no number", "deep"],
)
def test_half_a_surrogate_pair_is_left_out_and_spoils_nothing_else(raw: bytes, value: Any) -> None:
    assert Body(raw).json == value


@pytest.mark.promise("tools:texts:numbers-bounded")
@pytest.mark.parametrize("half", [rb"\ud83d", rb"\uDE00", rb"x\ud83d\ud83d\ude00"])
@pytest.mark.parametrize("number", [b"9" * 4_300, b"-" + b"1" * 4_300], ids=["positive", "negative"])
def test_half_a_surrogate_pair_beside_long_numbers_takes_no_longer_than_the_numbers_alone(
    half: bytes, number: bytes
) -> None:
    """Writing such numbers down again took over a second, in which no other call went on."""
    numbers = b",".join([number] * 1_100)
    began = time.process_time()
    value = Body(b'{"a": "' + half + b'", "b": [' + numbers + b"]}").json
    assert len(value["b"]) == 1_100
    assert time.process_time() - began < MOST_SECONDS


@pytest.mark.parametrize(
    ("value", "most", "more"),
    [
        ([1, 2], 2, False),
        ([1, 2], 1, True),
        ({"a": {"b": [1, 2]}}, 4, False),
        ({"a": {"b": [1, 2]}}, 3, True),
        (7, 0, False),
    ],
)
def test_values_are_counted_in_every_depth(value: Any, most: int, more: bool) -> None:
    assert body(value).holds_more_than(most) is more


def test_no_more_values_are_counted_than_it_takes() -> None:
    read = body([[]] * 300_000)
    assert not read.holds_more_than(300_000)

    def seconds(most: int) -> float:
        began = time.process_time()
        read.holds_more_than(most)
        return time.process_time() - began

    assert seconds(1) < seconds(300_000) / 2


@pytest.mark.parametrize(
    ("raw", "empty"), [(b"", True), (b" \r\n\t", True), (b"{}", False), (b"null", False), (b"\0", False)]
)
def test_only_white_space_counts_as_empty(raw: bytes, empty: bool) -> None:
    assert Body(raw).is_empty is empty


def test_the_words_are_all_names_and_texts_in_their_order() -> None:
    value = {"Detail": ["One", {"two": ["Three", 4, None, True]}], "five": {"six": "SEVEN"}}
    assert body(value).words == "detail one two three five six seven"


def test_no_more_words_are_read_than_it_takes() -> None:
    assert body(["x" * 1_000_000] * 4).words == "x" * MOST_WORDS
    assert len(body(["x"] * 100_000).words) == MOST_WORDS


@settings(deadline=None)
@given(raw=st.binary() | JSON.map(lambda value: json.dumps(value).encode("utf-8", "surrogatepass")))
def test_no_bytes_whatsoever_do_harm(raw: bytes) -> None:
    read = Body(raw)
    assert len(read.words) <= MOST_WORDS
    assert all(isinstance(name, str) for name in read.fields)
    assert (read.json is None) or not read.is_empty


@pytest.mark.promise("settings:secrets:never-shown")
def test_a_body_shows_nothing_of_itself() -> None:
    assert repr(body({"access": "canary"})) == "Body()"
