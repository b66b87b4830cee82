"""``make snapshots`` writes the snapshots anew; read the diff before you commit it."""

import json
from pathlib import Path

import anyio

from tests.tools.test_contract import listed


async def _write() -> None:
    for secret_arguments, name in ((True, "on"), (False, "off")):
        tools = await listed(secret_arguments=secret_arguments)
        path = Path(__file__).parent / f"tools-secret-arguments-{name}.json"
        path.write_text(json.dumps(tools, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


anyio.run(_write)
