"""The guards that every test stands on do guard."""

import logging
from pathlib import Path

import pytest

from tests.conftest import SlowCallbacks, is_left_out, seconds_without_a_core


@pytest.mark.parametrize(
    ("message", "arguments", "kept", "logged"),
    [
        ("Executing %s took %.3f seconds", ("<Handle>", 1.0), ["Executing <Handle> took 1.000 seconds"], False),
        ("Executing %s took %.3f seconds", ("<Handle>", 0.999), [], False),
        ("something else", (), [], True),
        ("something else: %s", ("text",), [], True),
    ],
)
def test_only_a_callback_of_a_second_counts_as_slow(
    message: str, arguments: tuple[object, ...], kept: list[str], logged: bool
) -> None:
    slow = SlowCallbacks(lambda: 0.0)
    assert slow.filter(logging.LogRecord("asyncio", logging.WARNING, "", 0, message, arguments, None)) is logged
    assert slow.seen == kept


def test_a_callback_that_waited_for_a_core_is_not_slow_for_that() -> None:
    waits = iter([3.0, 4.5, 4.5])
    slow = SlowCallbacks(lambda: next(waits))
    for seconds in (2.4, 2.6):
        slow.filter(logging.LogRecord("asyncio", logging.WARNING, "", 0, "%s took %f", ("<Handle>", seconds), None))
    assert slow.seen == ["<Handle> took 2.600000"]


def test_a_system_that_does_not_say_how_long_threads_wait_counts_as_idle(tmp_path: Path) -> None:
    file = tmp_path / "schedstat"
    assert seconds_without_a_core(file) == 0
    for text, seconds in (("", 0.0), ("5 2500000000 7\n", 2.5)):
        file.write_text(text)
        assert seconds_without_a_core(file) == seconds


@pytest.mark.parametrize(
    ("commands", "environment", "left_out"),
    [
        (["sh"], {}, False),
        (["sh", "no-such-command"], {}, True),
        (["sh", "no-such-command"], {"REQUIRE_EVERY_COMMAND": "0"}, True),
        (["sh", "no-such-command"], {"REQUIRE_EVERY_COMMAND": "1"}, False),
        ([], {}, False),
    ],
)
def test_a_test_is_left_out_for_a_missing_command_unless_each_is_required(
    commands: list[str], environment: dict[str, str], left_out: bool
) -> None:
    assert is_left_out(commands, environment) is left_out
