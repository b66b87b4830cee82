"""Commands that are started as a host does, and what the doctor says of them."""

import os

from rememberizer_mcp.server.doctor.entry import Entry, hosts_environ
from rememberizer_mcp.server.doctor.exchange import LEGACY, Era, Exchange, exchange
from rememberizer_mcp.server.doctor.quoting import Quoting
from rememberizer_mcp.server.doctor.report import Finding, Level
from rememberizer_mcp.server.doctor.starts import hosts_start

from tests.support.process import clean_environment


def entry(*command: str, **environ: str) -> Entry:
    return Entry(
        title="Claude Desktop", file="/home/ada/claude.json", install="rememberizer-mcp install claude-desktop",
        restart="Restart it.", command=command, environ=environ,
    )  # fmt: skip


async def start(*command: str, era: Era = LEGACY, seconds: float = 15.0, **environ: str) -> Exchange:
    return await exchange(command, era, environ=clean_environment() | environ, folder="/", limit_seconds=seconds)


async def as_host(*command: str, seconds: float = 15.0, **environ: str) -> Finding:
    """What the doctor says of an entry with this command."""
    ours, quoting = entry(*command, **environ), Quoting({})
    quoting.learn(environ=ours.environ, arguments=command[1:])
    inherited = hosts_environ(ours, os.environ, platform="linux")
    seen = await exchange(command, LEGACY, environ=inherited, folder="/", limit_seconds=seconds)
    return hosts_start(seen, ours, quoting=quoting, seconds=seconds)


async def failure_of(*command: str, seconds: float = 15.0, **environ: str) -> tuple[str, str]:
    found = await as_host(*command, seconds=seconds, **environ)
    assert (found.name, found.level) == ("hosts", Level.FAILURE)
    return found.text.removeprefix("Claude Desktop: the command "), f"{found.next_step}"
