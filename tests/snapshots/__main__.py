"""``make snapshots`` writes the snapshots anew; read the diff before you commit it."""

import json
import sys
from pathlib import Path

import anyio

from tests.tools.test_contract import listed


async def _write(folder: Path) -> None:
    for secret_arguments, name in ((True, "on"), (False, "off")):
        text = json.dumps(await listed(secret_arguments=secret_arguments), indent=2, ensure_ascii=False) + "\n"
        (folder / f"tools-secret-arguments-{name}.json").write_text(text, encoding="utf-8")


anyio.run(_write, Path(sys.argv[1]))
