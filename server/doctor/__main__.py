"""``python -m rememberizer_mcp.server.doctor NAME`` is one check, run aside: it prints what it found as JSON."""

import json
import os
import sys

import anyio

from .checks import CHECKS


async def _main() -> None:
    json.dump(await CHECKS[sys.argv[1]](), sys.stdout)
    sys.stdout.flush()
    os._exit(0)  # a thread that looks up a name, or waits for a keyring's dialog, must not hold up the report


anyio.run(_main)
