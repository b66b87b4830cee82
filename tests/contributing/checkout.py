"""A copy of the repository that runs its own code, with the libraries of this one's environment."""

import os
import shutil
from pathlib import Path

from tests.support.source import ROOT, copied_source


def copied(folder: Path) -> Path:
    """What git would commit, beside an environment in which ``rememberizer_mcp`` is the copy's."""
    environment = copied_source(folder) / ".venv"
    environment.mkdir()
    for name in ("bin", "lib", "pyvenv.cfg"):
        (environment / name).symlink_to(ROOT / ".venv" / name)
    for stamp in (*ROOT.glob(".venv/.installed-*"), ROOT / ".venv" / ".complete"):
        (environment / stamp.name).touch()  # newer than the lock, so make leaves the environment alone
    for checked in ROOT.glob(".mypy_cache"):
        shutil.copytree(checked, folder / checked.name)  # only what changes has to be checked
    package = environment / "types" / "rememberizer_mcp"
    package.mkdir(parents=True)
    for name in ("server", "tools"):
        (package / name).symlink_to(folder / name)
    return folder


def environment_of(checkout: Path) -> dict[str, str]:
    """There the copy's code comes before the installed one, and make finds this Python."""
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "REMEMBERIZER_", "MAKE"))
    }
    return kept | {"PYTHONPATH": str(checkout / ".venv" / "types"), "PYTHON": str(ROOT / ".venv" / "bin" / "python")}
