"""``python -m rememberizer_mcp.server.doctor CHECK...``: an examination's child process (see ``examination``).

It prints a line of JSON for each check as soon as that has ended. Each check imports what it needs itself, so that one
broken library is one failure.
"""

import json
import os
import sys
from functools import partial

import anyio
import anyio.to_thread

from .report import Finding, guarded


async def _found(name: str) -> list[Finding]:
    if name == "settings":
        from .variables import variables  # noqa: PLC0415 -- see the module's docstring

        return await anyio.to_thread.run_sync(variables)  # a secret's file may be a pipe, which is waited for
    if name == "network":
        from .network import network  # noqa: PLC0415 -- as above

        return await network()
    from .desktop import browser, keyring  # noqa: PLC0415 -- as above
    from .variables import usable  # noqa: PLC0415 -- as above

    if name == "keyring":
        return [await keyring(usable("keep_signed_in"))]
    look = partial(browser, usable("open_browser"), platform=sys.platform, environ=os.environ)
    return [await anyio.to_thread.run_sync(look)]


async def _print(name: str) -> None:
    found: list[Finding] = []
    with guarded(name, found.append):
        found += await _found(name)
    print(json.dumps([name, [finding.as_dict() for finding in found]]), flush=True)  # noqa: T201 -- `examination` reads it


async def _main() -> None:
    async with anyio.create_task_group() as tasks:
        for name in sys.argv[1:]:
            tasks.start_soon(_print, name)
    os._exit(0)  # a thread that looks up a name, or waits for a keyring's dialog, must not hold up the report


anyio.run(_main)
