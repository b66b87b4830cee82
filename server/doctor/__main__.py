"""``python -m rememberizer_mcp.server.doctor NAME`` is one check, run aside: it prints what it found as JSON."""

import json
import os
import sys
from typing import Any

import anyio

from .aside import BROKE_OFF
from .checks import CHECKS
from .crash import crash


async def _main() -> None:
    found: Any
    try:
        found = await CHECKS[sys.argv[1]]()
    except Exception as error:  # noqa: BLE001 -- a fault of ours, or a broken library
        found = {BROKE_OFF: crash(error)}
    json.dump(found, sys.stdout)
    sys.stdout.flush()
    os._exit(0)  # a thread that looks up a name, or waits for a keyring's dialog, must not hold up the report


anyio.run(_main)
