"""Commands that are started as a host does, and what the doctor says of them."""

import os
from dataclasses import replace

from rememberizer_mcp.server.doctor.entry import Entry, judged
from rememberizer_mcp.server.doctor.exchange import LEGACY, Era, Exchange, exchange
from rememberizer_mcp.server.doctor.quoting import Quoting
from rememberizer_mcp.server.doctor.report import Finding, grouped

from tests.support.process import clean_environment

ENTRY = Entry(
    title="Claude Desktop", install="Run `rememberizer-mcp install claude-desktop`. Restart it.",
    settings="Correct them in /home/ada/claude.json. Restart it.",
    place="The entry of Claude Desktop is in /home/ada/claude.json. Restart it.", command=("/bin/server",), environ={},
)  # fmt: skip
OWN = Entry(
    check="stdio", title=f"MCP {LEGACY}", install="Install it.", settings="Correct them.", command=("/bin/server",),
    environ={},
)  # fmt: skip


def entry(*command: str, **environ: str) -> Entry:
    return replace(ENTRY, command=command or ENTRY.command, environ=environ)


async def start(*command: str, era: Era = LEGACY, seconds: float = 15.0, **environ: str) -> Exchange:
    return await exchange(command, era, environ=clean_environment() | environ, folder="/", limit_seconds=seconds)


def told(seen: Exchange, of: Entry, *, quoting: Quoting | None = None, seconds: float = 15.0) -> Finding:
    (found,) = grouped([judged(seen, of, quoting=quoting or Quoting({}), seconds=seconds)])
    return found


async def as_host(*command: str, seconds: float = 15.0, **environ: str) -> Finding:
    """What the doctor says of an entry with this command."""
    ours, quoting = entry(*command, **environ), Quoting({})
    quoting.learn(environ=ours.environ, arguments=command[1:])
    inherited = ours.started_with(os.environ, "linux")
    seen = await exchange(command, LEGACY, environ=inherited, folder="/", limit_seconds=seconds)
    return told(seen, ours, quoting=quoting, seconds=seconds)


async def failure_of(*command: str, seconds: float = 15.0, **environ: str) -> tuple[str, str]:
    found = await as_host(*command, seconds=seconds, **environ)
    assert (found.name, found.level) == ("hosts", "failure")
    return found.text.removeprefix("Claude Desktop: the command "), f"{found.next_step}"
