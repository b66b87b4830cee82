"""``KnownSecrets`` in several threads: what one learns while another redacts or learns is known afterwards."""

import threading
from collections.abc import Callable, Iterator

import pytest
from rememberizer_mcp.server.logs.redaction import REDACTED, KnownSecrets

SECONDS = 0.05
"""How long a thread is waited for that should be held up."""


class Meddled(str):
    """A secret that has another thread work while it is encoded, or hashed for the second time."""

    __slots__ = ("hashed", "other")
    hashed: int
    other: threading.Thread
    __eq__ = str.__eq__

    def __hash__(self) -> int:
        self.hashed += 1
        if self.hashed == 2:
            self.meddle()
        return super().__hash__()

    def encode(self, encoding: str = "utf-8", errors: str = "strict") -> bytes:
        self.meddle()
        return super().encode(encoding, errors)

    def meddle(self) -> None:
        if not self.other.ident:
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
    secret = meddled(lambda: known.learn(["geheim-2"]), hashed=2)
    known.learn([secret])
    known.redact("a line")
    secret.other.join(2)
    assert known.redact("geheim-2") == REDACTED


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
