"""Where ours is started from: the wheel as users have it, or else the checkout.

The checkout's own environment has more in it that an import finds, and where Python may not write bytecode
(``PYTHONDONTWRITEBYTECODE``), our modules are compiled at every start there, but not the packages beside them.
"""

import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
_PREPARED = ROOT / ".interop" / "ours"


def is_installed() -> bool:
    """Whether ``make bench-setup`` installed the code as it is now."""
    stamp = _PREPARED / ".complete"
    sources = (path for folder in ("server", "tools") for path in (ROOT / folder).rglob("*") if path.suffix != ".pyc")
    return stamp.exists() and stamp.stat().st_mtime >= max(path.stat().st_mtime for path in sources if path.is_file())


BIN = (_PREPARED if is_installed() else Path(sys.prefix)) / "bin"
"""Ours and the bare server have the same Python and the same packages."""
