"""What the tests of the doctor share: no proxies of this machine, and certificates."""

import os

import pytest

from tests.support.unusable_proxies import without_proxies
from tests.support.way import Authority


@pytest.fixture(autouse=True)
def no_proxies() -> None:
    """Of the machine that runs the test; ``conftest`` puts them back."""
    kept = without_proxies(dict(os.environ))
    os.environ.clear()
    os.environ.update(kept)


@pytest.fixture
def authority() -> Authority:
    return Authority()
