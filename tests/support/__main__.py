"""A server whose tools hang or make noise, for tests of how the process ends: ``python -m tests.support [serve]``.

With ``serve`` it stands behind a front.
"""

import gc
import logging
import os
import subprocess
import sys
import time
import warnings

import anyio
import anyio.to_thread
from mcp.server.mcpserver import MCPServer
from rememberizer_mcp.server.logs.redaction import KnownSecrets, install
from rememberizer_mcp.server.stdio.front import start
from rememberizer_mcp.server.stdio.serving import serve

FOR_LONG = 60


def hanging_server() -> MCPServer[None]:
    """Tools that a client calls and that don't come back in time."""
    server: MCPServer[None] = MCPServer("noisy")

    @server.tool()
    async def wait() -> None:
        sys.stderr.write("begun\n")
        await anyio.sleep(FOR_LONG)

    @server.tool()
    def block() -> None:
        sys.stderr.write("begun\n")
        time.sleep(FOR_LONG)

    @server.tool()
    async def shield() -> None:
        sys.stderr.write("begun\n")
        with anyio.CancelScope(shield=True):
            await anyio.sleep(FOR_LONG)

    @server.tool()
    async def stall() -> None:
        sys.stderr.write("begun\n")
        time.sleep(FOR_LONG)  # noqa: ASYNC251 -- it blocks the event loop on purpose

    @server.tool()
    async def chatter(lines: int) -> str:
        for number in range(lines):
            logging.getLogger("library").warning("line %d of many", number)
        return "done"

    @server.tool()
    async def noise() -> str:
        assert (sys.stdin.read(), os.read(0, 1)) == ("", b"")
        print("printed")  # noqa: T201 -- that is the noise
        sys.stdout.write("written\n")
        sys.stdout.flush()
        warnings.warn("warned", stacklevel=1)
        logging.getLogger("library").warning("logged")
        await anyio.to_thread.run_sync(subprocess.run, ["echo", "from a child"])
        return "done"

    return server


front = start() if sys.argv[1:] else None
gc.disable()
install(level="warning", secrets=KnownSecrets(), stream=sys.stderr)
serve(hanging_server(), front=front)
