"""What every test stands on: a clean environment, a strict event loop, and bounded waits."""

import logging
import os
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.clock import FakeClock

SLOWEST_CALLBACK_SECONDS = 1.0


@pytest.fixture(scope="session")
def anyio_backend() -> tuple[str, dict[str, Any]]:
    """The event loop in debug mode, in which it reports callbacks that block it."""
    return "asyncio", {"debug": True}


class _SlowCallbacks(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.seen: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        took = record.args[-1] if isinstance(record.args, tuple) and record.args else 0.0
        if isinstance(took, float) and took >= SLOWEST_CALLBACK_SECONDS:
            self.seen.append(record.getMessage())


@pytest.fixture(autouse=True)
def blocked_loop_fails() -> Iterator[None]:
    """A callback that blocks the event loop for a second fails the test."""
    slow = _SlowCallbacks()
    logger = logging.getLogger("asyncio")
    logger.addHandler(slow)
    yield
    logger.removeHandler(slow)
    assert not slow.seen


@pytest.fixture(autouse=True)
def clean_environment() -> Iterator[None]:
    """No setting of the developer's machine reaches a test, and none of a test's outlives it."""
    before = dict(os.environ)
    os.environ.clear()
    os.environ.update({name: value for name, value in before.items() if not name.startswith("REMEMBERIZER_")})
    yield
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()
