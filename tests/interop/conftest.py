"""Runs each client once."""

import pytest

from tests.interop.client import CLIENTS
from tests.interop.run import Run, make_journey


@pytest.fixture(scope="session", params=CLIENTS, ids=lambda client: client.name)
def run(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Run:
    return make_journey(request.param, tmp_path_factory.mktemp("interop"))
