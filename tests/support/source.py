"""A copy of the source, as git would commit it."""

import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]


def copied_source(folder: Path) -> Path:
    """The folder, with every file in it that git would commit."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    for name in [name for name in listed.splitlines() if (ROOT / name).is_file()]:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, folder / name)
    return folder
