"""``KnownSecrets``: what it hides, at a cost that doesn't grow with their number, and in several threads."""

import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from rememberizer_mcp.server.logs.redaction import REDACTED, KnownSecrets, printable

SECONDS = 0.05
"""How long a thread is waited for that should be held up."""


class Watched(str):
    """A text that counts how often it is sliced or searched, and a value that counts how often it is encoded."""

    __slots__ = ("encoded", "looks")
    encoded: int
    looks: int

    def __getitem__(self, key: Any) -> str:
        self.looks += 1
        return super().__getitem__(key)

    def find(self, *given: Any) -> int:
        self.looks += 1
        return super().find(*given)

    def rfind(self, *given: Any) -> int:
        self.looks += 1
        return super().rfind(*given)

    def encode(self, encoding: str = "utf-8", errors: str = "strict") -> bytes:
        self.encoded += 1
        return super().encode(encoding, errors)


def watched(text: str) -> Watched:
    made = Watched(text)
    made.encoded = made.looks = 0
    return made


def hidden_by(values: Iterable[str], text: str) -> str:
    """The text without any character that is part of a value, wherever that stands; touching ones stay apart."""
    spans = sorted({(at, at + len(value)) for value in values for at in range(len(text)) if text.startswith(value, at)})
    ends = [max(end for start, end in spans[: n + 1]) for n in range(len(spans))]
    starts = [start for (start, _), before in zip(spans, [0, *ends], strict=False) if start >= before]
    covered = {at for start, end in spans for at in range(start, end)}
    return "".join(REDACTED * (at in starts) + letter * (at not in covered) for at, letter in enumerate(text))


FEW_LETTERS = st.text(alphabet="ab", min_size=4, max_size=9)


@pytest.mark.promise("settings:secrets:never-shown")
@given(values=st.lists(FEW_LETTERS, max_size=6), text=st.text(alphabet="ab", max_size=40))
@example(values=["aaaa"], text="aaaaa")
@example(values=["abab", "baba"], text="ababab")
@example(values=["aaab", "aaaba", "abaa"], text="bbaaabaab")
@example(values=["aabb"], text="aabbaabb")
@example(values=["aabb", "aabbaabba"], text="aabbaabba")
@example(values=["aabb", "b" * 9 + "aabb"], text="aabbbaabb")
def test_every_letter_of_a_value_is_hidden_and_no_other(values: list[str], text: str) -> None:
    known = KnownSecrets()
    known.learn(values)
    assert known.redact(text) == hidden_by(values, text)
    known.forget(values)
    assert known.redact(text) == text


def test_a_value_that_was_forgotten_is_shown_beside_one_with_the_same_length_and_end() -> None:
    known = KnownSecrets()
    with known.during(["a-geheim"]):
        known.learn(["b-geheim"])
    assert known.redact("a-geheim b-geheim") == f"a-geheim {REDACTED}"


@pytest.mark.promise("settings:secrets:never-shown")
def test_forgetting_what_was_never_known_takes_nothing_from_a_later_value() -> None:
    known = KnownSecrets()
    known.forget(["geheim-1"])
    known.learn(["geheim-1"])
    assert known.redact("geheim-1") == REDACTED


def test_a_printable_text_is_kept_once() -> None:
    text = "geheim-1 \xe9"
    assert printable(text) is text
    assert printable(text + "\n") == text + " "


@pytest.mark.promise("settings:logs:cost-of-a-line")
def test_a_line_is_looked_through_as_often_with_ten_thousand_values_as_with_ten() -> None:
    looks = []
    for number in (10, 10_000):
        known, line = KnownSecrets(), watched("session rs_AbCdEf12… of token-00007 is signed_in")
        known.learn(f"token-{each:05}" for each in range(number))
        assert known.redact(line) == f"session rs_AbCdEf12… of {REDACTED} is signed_in"
        looks.append(line.looks)
    assert 0 < looks[0] == looks[1] < 2 * len("session rs_AbCdEf12… of token-00007 is signed_in")


@pytest.mark.promise("settings:logs:cost-of-a-line")
def test_a_value_is_looked_at_when_it_is_learnt_and_not_at_each_line() -> None:
    known, value = KnownSecrets(), watched("geheim-1")
    known.learn([value])
    once = value.encoded
    for number in range(20):
        known.learn([f"another-{number}"])
        assert known.redact("geheim-1") == REDACTED
    assert value.encoded == once


@pytest.mark.promise("settings:logs:cost-of-a-line")
def test_a_line_costs_no_more_after_values_that_were_forgotten() -> None:
    known, before, after = KnownSecrets(), watched("a line with geheim-1 in it"), watched("a line with geheim-1 in it")
    known.redact(before)
    with known.during("x" * length + "geheim-1" for length in range(50)):
        pass
    assert known.redact(after) == after
    assert after.looks == before.looks


@pytest.mark.promise("settings:logs:cost-of-a-line")
def test_nobody_makes_a_line_expensive_by_values_that_are_alike() -> None:
    known, line = KnownSecrets(), watched("a" * 20_000 + "-" + ("a" * 99 + "-") * 200)
    known.learn("a" * length for length in range(100, 130))
    assert known.redact(line) == f"{REDACTED}-" + ("a" * 99 + "-") * 200
    assert line.looks < 2 * len(line)


class Meddled(str):
    """A value or a text that has another thread work when it is hashed for the second time, or searched."""

    __slots__ = ("hashed", "other")
    hashed: int
    other: threading.Thread
    __eq__ = str.__eq__

    def __hash__(self) -> int:
        self.hashed += 1
        if self.hashed == 2:
            self.meddle()
        return super().__hash__()

    def find(self, *given: Any) -> int:
        if given == ("geheim-1",):
            self.meddle()
        return super().find(*given)

    def meddle(self) -> None:
        self.other.start()
        self.other.join(SECONDS)


def meddled(work: Callable[[], None], *, hashed: int) -> Meddled:
    made = Meddled("geheim-1")
    made.hashed, made.other = hashed, threading.Thread(target=work)
    return made


@pytest.mark.promise("settings:secrets:never-shown")
def test_no_count_is_lost_where_two_threads_learn_a_value() -> None:
    known = KnownSecrets()
    secret = meddled(lambda: known.learn(["geheim-1"]), hashed=0)
    known.learn([secret])
    secret.other.join(2)
    known.forget(["geheim-1"])
    assert known.redact("geheim-1") == REDACTED


@pytest.mark.promise("settings:secrets:never-shown")
def test_what_is_learnt_while_a_line_is_redacted_is_known_for_the_next() -> None:
    known = KnownSecrets()
    known.learn(["geheim-1"])
    line = meddled(lambda: known.learn(["another geheim-1"]), hashed=2)
    assert known.redact(line) == REDACTED
    line.other.join(2)
    assert known.redact("another geheim-1") == REDACTED


def test_an_event_while_the_registry_changes_does_not_lock_it_up() -> None:
    known = KnownSecrets()

    def values() -> Iterator[str]:
        known.redact("what a warning from a finalizer does in the middle of any statement")
        yield "geheim-1"

    thread = threading.Thread(target=known.learn, args=(values(),), daemon=True)
    thread.start()
    thread.join(timeout=2)
    assert not thread.is_alive()
    assert known.redact("geheim-1") == REDACTED


def test_threads_that_learn_and_forget_end_with_nothing_known() -> None:
    known, seen = KnownSecrets(), list[str]()

    def work(number: int) -> None:
        for _ in range(50):
            with known.during([f"geheim-{number}", "shared-secret"]):
                seen.append(known.redact(f"geheim-{number} shared-secret"))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=5)
    assert (len(seen), set(seen), repr(known)) == (400, {f"{REDACTED} {REDACTED}"}, "<KnownSecrets: 0 values>")
