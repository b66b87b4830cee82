"""``exchange``: the first minute of a host with a server, over stdio."""

import errno
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import anyio

from .. import __version__
from .processes import BrokenOff, Fault, Peer, running

Era = Literal["2026-07-28", "2025-11-25"]
MODERN: Era = "2026-07-28"
LEGACY: Era = "2025-11-25"
PATIENCE_SECONDS = 2.0
"""How long a server has to end after the end of its input."""
_CLIENT = {"name": "rememberizer-mcp doctor", "version": __version__}
_ENVELOPE = {
    "io.modelcontextprotocol/protocolVersion": MODERN,
    "io.modelcontextprotocol/clientInfo": _CLIENT,
    "io.modelcontextprotocol/clientCapabilities": {},
}


@dataclass(kw_only=True)
class Exchange:
    """What came of an exchange."""

    fault: Fault | None = None
    server: str = ""
    """The server's name and version, as it says."""
    tools: int = 0
    ms: dict[str, float] = field(default_factory=dict)
    """Until the first answer, the tools, the answer to a call; and from the end of input to the server's own."""
    code: int | None = None
    """The exit code, if the server ended by itself."""
    noise: bytes = b""
    stderr: bytes = b""


async def exchange(
    command: Sequence[str], era: Era, *, environ: Mapping[str, str], folder: str | None, limit_seconds: float
) -> Exchange:
    """Start a server, shake hands, list the tools, call one that needs no network, and end the input.

    The limit is for the time until the last answer. The era is the version of the protocol.
    """
    seen = Exchange(fault=Fault.SILENT)
    try:
        async with running(command, environ=environ, folder=folder, talks=True) as process:
            assert process.stderr  # noqa: S101 -- for the type checker
            peer = Peer(process)
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(peer.read_errors, process.stderr)
                with anyio.move_on_after(limit_seconds):
                    await _try(peer, era, seen)
                seen.code, seen.stderr = await peer.last_words()
                tasks.cancel_scope.cancel()
    except OSError as error:
        seen.fault = Fault.MISSING if error.errno in (errno.ENOENT, errno.ENOTDIR) else Fault.NOT_STARTED
    except ValueError:
        seen.fault = Fault.NO_TEXT
    return seen


async def _try(peer: Peer, era: Era, seen: Exchange) -> None:
    try:
        await _converse(peer, era, seen)
        seen.fault = None
        begun = time.perf_counter()
        with anyio.move_on_after(PATIENCE_SECONDS):
            await peer.end_input()
            seen.ms["end"] = (time.perf_counter() - begun) * 1000
    except BrokenOff as broken:
        seen.fault, seen.noise = broken.fault, broken.noise


async def _converse(peer: Peer, era: Era, seen: Exchange) -> None:
    begun = time.perf_counter()

    async def answer(number: int, method: str, /, **params: Any) -> dict[str, Any]:
        meta = {"_meta": _ENVELOPE} if era == MODERN else {}
        message = await peer.ask({"jsonrpc": "2.0", "id": number, "method": method, "params": meta | params})
        seen.ms[("first", "tools", "call")[number - 1]] = (time.perf_counter() - begun) * 1000
        return message

    if era == MODERN:
        first = await answer(1, "server/discover")
    else:
        first = await answer(1, "initialize", protocolVersion=LEGACY, capabilities={}, clientInfo=_CLIENT)
    seen.server = _name(_result(first))
    if era == LEGACY:
        await peer.send({"jsonrpc": "2.0", "method": "notifications/initialized"})
    tools = _result(await answer(2, "tools/list")).get("tools")
    seen.tools = len(tools) if isinstance(tools, list) else 0
    await answer(3, "tools/call", name="session_status", arguments={})


def _result(answer: Mapping[str, Any]) -> dict[str, Any]:
    result = answer.get("result")
    if not isinstance(result, dict):
        raise BrokenOff(Fault.ERROR)
    return result


def _name(result: Mapping[str, Any]) -> str:
    """The server's name: in the older version it stands in the result, in the newer one in the result's ``_meta``."""
    meta = result.get("_meta")
    inside = meta.get("io.modelcontextprotocol/serverInfo") if isinstance(meta, dict) else None
    info = result.get("serverInfo", inside)
    return f"{info.get('name', '')} {info.get('version', '')}".strip() if isinstance(info, dict) else ""
