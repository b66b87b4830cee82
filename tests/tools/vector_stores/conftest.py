"""What the tests of this room share."""

from pathlib import Path

import pytest

from tests.support.upload_folders import made_in


@pytest.fixture
def folders(tmp_path: Path) -> Path:
    """``allowed`` with files, folders and links of every kind, beside ``private`` with a secret."""
    return made_in(tmp_path)
