"""What every test stands on: a clean environment, a strict event loop, and bounded waits."""

import json
import logging
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from argon2.profiles import CHEAPEST
from hypothesis import settings
from jsonschema import Draft202012Validator
from rememberizer_mcp.server.sandbox import passwords

from tests.support.clock import FakeClock
from tests.support.commands import lines, missing

SLOWEST_CALLBACK_SECONDS = 1.0


settings.register_profile("project", deadline=None)  # the machine is shared: an example's time says nothing
settings.load_profile("project")

LEFT_OUT = pytest.StashKey[dict[str, set[str]]]()
"""The tests that were left out, by the command that they lack."""


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what needs a command that this machine lacks; ``.ci/run`` installs them, and leaves nothing out.

    It comes last, so that only tests that would have run are counted.
    """
    needed = {item: [name for mark in item.iter_markers("needs") for name in mark.args] for item in items}
    lacked = {item: missing(names, os.environ) for item, names in needed.items()}
    note_left_out(config, [(name, item.nodeid) for item, names in lacked.items() for name in names])
    items[:] = [item for item in items if not lacked[item]]
    config.hook.pytest_deselected(items=[item for item, names in lacked.items() if names])


def note_left_out(config: pytest.Config, noted: Iterable[tuple[str, str]]) -> None:
    """Have these commands and tests counted at the end, by the process that prints; each test once."""
    kept = config.stash.setdefault(LEFT_OUT, {})
    for name, test in noted:
        kept.setdefault(name, set()).add(test)
    pairs = [(name, test) for name, tests in kept.items() for test in sorted(tests)]
    getattr(config, "workeroutput", {})["left_out"] = pairs


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take over what a worker has left out, which is what each of them has; one that crashed says nothing."""
    note_left_out(node.config, getattr(node, "workeroutput", {}).get("left_out", []))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say what was left out, for lack of which command."""
    left_out = config.stash.setdefault(LEFT_OUT, {})
    terminalreporter.write("".join(f"left out: {line}\n" for line in lines(left_out)))


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
