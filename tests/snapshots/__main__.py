"""``make snapshots`` writes the snapshots anew; read the diff before you commit it."""

import json
import sys
from pathlib import Path
from typing import Any

import anyio

from tests.snapshots.help import help_of_all
from tests.tools.base.test_contract import listed

LISTS: dict[str, dict[str, Any]] = {
    "tools-secret-arguments-on": {},
    "tools-secret-arguments-off": {"secret_arguments": False},
    "tools-read-only": {"read_only": True},
    "tools-all-toolsets": {"toolsets": "all"},
}
"""The settings that each list is made with."""


async def _write(folder: Path) -> None:
    for name, settings in LISTS.items():
        text = json.dumps(await listed(**settings), indent=2, ensure_ascii=False) + "\n"
        (folder / f"{name}.json").write_text(text, encoding="utf-8")
    (folder / "help.txt").write_text(help_of_all(), encoding="utf-8")


anyio.run(_write, Path(sys.argv[1]))
