"""The guards that every test stands on do guard."""

import logging

import pytest

from tests.conftest import SlowCallbacks


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
