"""Runs each client once, and leaves all of them out where they are not prepared."""

import os
from pathlib import Path

import pytest

from tests.conftest import is_left_out, leave_out, say_left_out
from tests.interop.client import CLIENTS, COMMANDS
from tests.interop.run import Run, make_journey

HERE = Path(__file__).parent


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave this folder out when a client is missing, except where nothing may be."""
    unprepared = is_left_out(COMMANDS, os.environ)
    left_out = [item for item in items if unprepared and item.path.is_relative_to(HERE)]
    leave_out(config, items, left_out)
    line = f"left out until `make interop-setup`: {len(left_out)} tests of other people's clients (tests/interop)\n"
    say_left_out(config, [line] if left_out else [])


@pytest.fixture(scope="session", params=CLIENTS, ids=lambda client: client.name)
def run(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Run:
    return make_journey(request.param, tmp_path_factory.mktemp("interop"))
