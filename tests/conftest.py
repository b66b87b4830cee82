"""What every test stands on: a clean environment, a strict event loop, and bounded waits."""

import json
import logging
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from argon2.profiles import CHEAPEST
from hypothesis import settings
from jsonschema import Draft202012Validator
from rememberizer_mcp.server.sandbox import passwords

from tests.support.clock import FakeClock

SLOWEST_CALLBACK_SECONDS = 1.0


settings.register_profile("project", deadline=None)  # the machine is shared: an example's time says nothing
settings.load_profile("project")

LEFT_OUT = pytest.StashKey[dict[str, None]]()
"""The lines that say what was left out, in order, each once whichever workers say it."""


def is_left_out(commands: Iterable[str], environment: Mapping[str, str]) -> bool:
    """Whether a test that needs these commands is left out: never where REQUIRE_EVERY_COMMAND is 1."""
    lacking = any(shutil.which(name) is None for name in commands)
    return lacking and environment.get("REQUIRE_EVERY_COMMAND") != "1"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what needs a command that this machine lacks; ``.ci/run`` installs them, and leaves nothing out."""
    left_out = [
        item
        for item in items
        if is_left_out((name for mark in item.iter_markers("needs") for name in mark.args), os.environ)
    ]
    leave_out(config, items, left_out)
    say_left_out(config, [f"left out, for lack of a command that it needs: {item.nodeid}\n" for item in left_out])


def leave_out(config: pytest.Config, items: list[pytest.Item], left_out: Sequence[pytest.Item]) -> None:
    """Take these tests out of the run."""
    items[:] = [item for item in items if item not in left_out]
    config.hook.pytest_deselected(items=left_out)


def say_left_out(config: pytest.Config, lines: Iterable[str]) -> None:
    """Have these lines printed at the end, by the process that prints."""
    kept = config.stash.setdefault(LEFT_OUT, {})
    kept.update(dict.fromkeys(lines))
    getattr(config, "workeroutput", {})["left_out"] = list(kept)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take over what a worker has to say; one that crashed says nothing."""
    say_left_out(node.config, getattr(node, "workeroutput", {}).get("left_out", []))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say what was left out."""
    lines = config.stash.get(LEFT_OUT, {})
    terminalreporter.write("".join(lines))


@pytest.fixture(scope="session")
def anyio_backend() -> Iterator[tuple[str, dict[str, Any]]]:
    """The event loop in debug mode, in which it reports callbacks that block it, each by the line that asked for it.

    It would note ten lines for each; that took half the time of many tests.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("asyncio.constants.DEBUG_STACK_DEPTH", 1)
        yield "asyncio", {"debug": True}


def seconds_without_a_core(file: Path = Path("/proc/thread-self/schedstat")) -> float:
    """How long this thread has been ready to run while others had all cores; 0 where the system does not say."""
    try:
        return int(file.read_text().split()[1]) / 1e9
    except (OSError, IndexError):
        return 0.0


class SlowCallbacks(logging.Filter):
    """Takes what the event loop says of slow callbacks out of the log, for a busy machine makes it say so by chance.

    ``seen`` is what it said of those that took a second or longer by their own time.

    Args:
        waited: Gives how long this thread has waited for a core so far, in seconds.
    """

    def __init__(self, waited: Callable[[], float] = seconds_without_a_core) -> None:
        super().__init__()
        self.seen: list[str] = []
        self._waited = waited
        self._waited_before = waited()

    def filter(self, record: logging.LogRecord) -> bool:
        took = record.args[-1] if isinstance(record.args, tuple) and record.args else None
        if not isinstance(took, float):
            return True
        if took - self._waited() + self._waited_before >= SLOWEST_CALLBACK_SECONDS:
            self.seen.append(record.getMessage())
        return False


@pytest.fixture(scope="session", autouse=True)
def each_schema_is_checked_once() -> Iterator[None]:
    """The SDK's client checks the schema of a result anew in each session, which takes longer than the call."""
    checked: set[str] = set()
    check = Draft202012Validator.check_schema

    def check_once(schema: Mapping[str, Any]) -> None:
        text = json.dumps(schema)
        if text not in checked:
            check(schema)
            checked.add(text)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Draft202012Validator, "check_schema", check_once)
        yield


@pytest.fixture(autouse=True)
def blocked_loop_fails() -> Iterator[None]:
    """A callback that blocks the event loop for a second fails the test."""
    slow = SlowCallbacks()
    logger = logging.getLogger("asyncio")
    logger.addFilter(slow)
    yield
    logger.removeFilter(slow)
    assert not slow.seen


@pytest.fixture(autouse=True)
def password_costs(monkeypatch: pytest.MonkeyPatch) -> None:
    """In this process a hash takes no quarter of a second; a module with a fixture of this name has its own."""
    monkeypatch.setattr(passwords, "COSTS", CHEAPEST)


@pytest.fixture(autouse=True)
def clean_environment(request: pytest.FixtureRequest) -> Iterator[None]:
    """No setting of the developer's machine reaches a test, and none of a test's outlives it."""
    before = dict(os.environ)
    unwanted = ("REMEMBERIZER_", "COVERAGE_") if request.node.get_closest_marker("untraced") else ("REMEMBERIZER_",)
    os.environ.clear()
    os.environ.update({name: value for name, value in before.items() if not name.upper().startswith(unwanted)})
    yield
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()
