"""``Fading``: bounded in time and number, whoever comes back."""

from rememberizer_mcp.server.sessions.fading import Fading

from tests.support.clock import FakeClock


def fading(clock: FakeClock, *, most: int = 10) -> Fading[str]:
    return Fading(seconds=60, most=most, now=clock)


def test_a_value_lasts_as_long_as_was_said_since_it_was_kept_last(clock: FakeClock) -> None:
    kept = fading(clock)
    kept.keep("ada", "tea")
    clock.advance(59)
    assert ("ada" in kept, kept.get("ada")) == (True, "tea")
    kept.keep("ada", "milk")
    clock.advance(59)
    assert ("ada" in kept, kept.get("ada")) == (True, "milk")
    clock.advance(1)
    assert ("ada" in kept, kept.get("ada")) == (False, None)


def test_the_value_that_was_kept_first_makes_room(clock: FakeClock) -> None:
    kept = fading(clock, most=2)
    for owner in ("ada", "grace", "ada", None):
        kept.keep(owner, "tea")
    assert [owner in kept for owner in ("ada", "grace", None)] == [True, False, True]


def test_what_was_forgotten_is_gone_and_nothing_else(clock: FakeClock) -> None:
    kept = fading(clock)
    kept.keep("ada", "tea")
    kept.keep("grace", "milk")
    for owner in ("ada", "nobody"):
        kept.forget(owner)
    assert [kept.get("ada"), kept.get("nobody"), kept.get("grace")] == [None, None, "milk"]


def test_a_value_can_have_seconds_of_its_own(clock: FakeClock) -> None:
    kept = fading(clock)
    kept.keep("ada", "tea", seconds=5)
    clock.advance(4)
    assert kept.get("ada") == "tea"
    clock.advance(1)
    assert kept.get("ada") is None
