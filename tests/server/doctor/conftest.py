"""What the tests of the doctor share: no proxies of this machine, and certificates."""

import pytest

from tests.support.way import Authority


@pytest.fixture(autouse=True)
def unproxied(no_proxies: None) -> None:
    """For each test here."""


@pytest.fixture
def authority() -> Authority:
    return Authority()
