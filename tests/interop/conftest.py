"""Runs each client once, and leaves all of them out where they are not prepared."""

import os
from pathlib import Path

import pytest

from tests.conftest import is_left_out
from tests.interop.client import CLIENTS, COMMANDS
from tests.interop.run import Run, make_journey

LEFT_OUT = pytest.StashKey[list[pytest.Item]]()
HERE = Path(__file__).parent


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave this folder out when a client is missing, except where nothing may be."""
    unprepared = is_left_out(COMMANDS, os.environ)
    left_out = [item for item in items if unprepared and item.path.is_relative_to(HERE)]
    config.stash[LEFT_OUT] = left_out
    items[:] = [item for item in items if item not in left_out]
    config.hook.pytest_deselected(items=left_out)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say so in one line."""
    left_out = config.stash.get(LEFT_OUT, [])
    line = f"left out until `make interop-setup`: {len(left_out)} tests of other people's clients (tests/interop)\n"
    terminalreporter.write(line if left_out else "")


@pytest.fixture(scope="session", params=CLIENTS, ids=lambda client: client.name)
def run(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Run:
    return make_journey(request.param, tmp_path_factory.mktemp("interop"))
