"""The guards that every test stands on do guard."""

import logging

import pytest

from tests.conftest import SlowCallbacks, is_left_out


@pytest.mark.parametrize(
    ("message", "arguments", "kept"),
    [
        ("Executing %s took %.3f seconds", ("<Handle>", 1.0), ["Executing <Handle> took 1.000 seconds"]),
        ("Executing %s took %.3f seconds", ("<Handle>", 0.999), []),
        ("something else", (), []),
        ("something else: %s", ("text",), []),
    ],
)
def test_only_a_callback_of_a_second_counts_as_slow(
    message: str, arguments: tuple[object, ...], kept: list[str]
) -> None:
    slow = SlowCallbacks()
    slow.handle(logging.LogRecord("asyncio", logging.WARNING, "", 0, message, arguments, None))
    assert slow.seen == kept


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
