"""An environment in which uv can install nothing but what lies on this machine: an empty home, no index, no cache."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path

BIN = Path(sys.executable).parent
WHEELHOUSE = Path(sys.prefix) / "wheels"
"""The locked wheels."""


def offline_environment(home: Path, wheels: Sequence[Path] = ()) -> dict[str, str]:
    """This process's environment, with wheels from these folders and the locked ones only."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("REMEMBERIZER_", "UV_"))}
    return kept | {
        "HOME": str(home),
        "PATH": f"{BIN}{os.pathsep}{kept['PATH']}",
        "UV_CACHE_DIR": str(home / "cache"),
        "UV_FIND_LINKS": ",".join(map(str, (*wheels, WHEELHOUSE))),
        "UV_NO_INDEX": "1",
        "UV_OFFLINE": "1",
        "UV_PYTHON": sys.executable,
        "UV_PYTHON_DOWNLOADS": "never",
        "XDG_RUNTIME_DIR": str(home),
    }
