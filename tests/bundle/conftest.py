"""The bundle, built once by the command that ``make bundle`` runs, and unpacked as a host does it."""

import os
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest
from playwright.async_api import Browser

from tests.bundle.host import ROOT, unpacked
from tests.support.browser import chromium


def build(folder: Path, **variables: str) -> Path:
    """Run the command, with these variables too; the path that it prints."""
    done = subprocess.run(
        [sys.executable, "-m", "bundle", "mcpb", str(folder)],
        cwd=ROOT,
        env=os.environ | variables,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stderr == ""
    return Path(done.stdout.strip())


@pytest.fixture(scope="session")
def bundle(tmp_path_factory: pytest.TempPathFactory, trace: Mapping[str, str]) -> Path:
    return build(tmp_path_factory.mktemp("dist"), **trace)


@pytest.fixture(scope="session")
def extension(bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder into which the official tool unpacked it."""
    return unpacked(bundle, tmp_path_factory.mktemp("extensions") / "rememberizer")


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as browser:
        yield browser
