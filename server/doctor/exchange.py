"""``exchange``: the first minute of a host with a server, over stdio."""

import errno
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal

import anyio

from .. import __version__
from .spawned import Ended, Noise, Spawned, spawned

Era = Literal["2026-07-28", "2025-11-25"]
MODERN: Era = "2026-07-28"
LEGACY: Era = "2025-11-25"
PATIENCE_SECONDS = 2.0
"""How long the end is waited for after the end of input."""
_CLIENT = {"name": "rememberizer-mcp doctor", "version": __version__}
_ENVELOPE = {
    "io.modelcontextprotocol/protocolVersion": MODERN,
    "io.modelcontextprotocol/clientInfo": _CLIENT,
    "io.modelcontextprotocol/clientCapabilities": {},
}
_NOT_FOUND = (errno.ENOENT, errno.ENOTDIR)


class Fault(StrEnum):
    """Why there was no conversation."""

    MISSING = "missing"
    NOT_STARTED = "not started"
    """The system would not: no right to, or no program."""
    NO_TEXT = "no text"
    """No program can have such arguments or variables: a NUL character, half a surrogate pair, `=` in a name."""
    ENDED = "ended"
    SILENT = "silent"
    NOISE = "noise"
    """It wrote something to stdout that is no line of the protocol."""
    ERROR = "error"
    """A part of the handshake was answered with an error."""


@dataclass(kw_only=True)
class Exchange:
    """What came of it."""

    fault: Fault | None = None
    server: str = ""
    """Its name and version, as it says."""
    tools: int = 0
    ms: dict[str, float] = field(default_factory=dict)
    """Until the first answer, the tools, the answer to a call; and from the end of input to its own."""
    code: int | None = None
    """Its exit code, if it ended by itself."""
    noise: bytes = b""
    stderr: bytes = b""


class _Refused(Exception):
    """The handshake was answered with an error."""


async def exchange(
    command: Sequence[str], era: Era, *, environ: Mapping[str, str], folder: str | None, limit_seconds: float
) -> Exchange:
    """Start a server, shake hands, list the tools, call one that needs no network, and end the input.

    Args:
        command: Program and arguments.
        era: Of the protocol.
        environ: All of its environment.
        folder: Where it starts.
        limit_seconds: Until the last answer.
    """
    seen = Exchange(fault=Fault.SILENT)
    try:
        async with spawned(command, environ=environ, folder=folder) as running:
            with anyio.move_on_after(limit_seconds):
                await _try(running, era, seen)
            seen.code, seen.stderr = await running.last_words()
    except OSError as error:
        seen.fault = Fault.MISSING if error.errno in _NOT_FOUND else Fault.NOT_STARTED
    except ValueError:
        seen.fault = Fault.NO_TEXT
    return seen


async def _try(running: Spawned, era: Era, seen: Exchange) -> None:
    try:
        await _converse(running, era, seen)
        seen.fault = None
        begun = time.perf_counter()
        with anyio.move_on_after(PATIENCE_SECONDS):
            await running.end_input()
            seen.ms["end"] = (time.perf_counter() - begun) * 1000
    except Ended:
        seen.fault = Fault.ENDED
    except Noise as noise:
        seen.fault, seen.noise = Fault.NOISE, noise.written
    except _Refused:
        seen.fault = Fault.ERROR


async def _converse(running: Spawned, era: Era, seen: Exchange) -> None:
    begun = time.perf_counter()
    steps = _Steps(era)
    first = _result(await running.ask(steps.first()))
    seen.ms["first"] = (time.perf_counter() - begun) * 1000
    seen.server = _name(first)
    if era == LEGACY:
        await running.send({"jsonrpc": "2.0", "method": "notifications/initialized"})
    tools = _result(await running.ask(steps.request("tools/list"))).get("tools")
    seen.ms["tools"] = (time.perf_counter() - begun) * 1000
    seen.tools = len(tools) if isinstance(tools, list) else 0
    await running.ask(steps.request("tools/call", name="session_status", arguments={}))
    seen.ms["call"] = (time.perf_counter() - begun) * 1000


class _Steps:
    """Requests of one era, numbered."""

    def __init__(self, era: Era) -> None:
        self._era = era
        self._number = 0

    def first(self) -> dict[str, Any]:
        if self._era == MODERN:
            return self.request("server/discover")
        return self.request("initialize", protocolVersion=LEGACY, capabilities={}, clientInfo=_CLIENT)

    def request(self, method: str, **params: Any) -> dict[str, Any]:
        self._number += 1
        meta = {"_meta": _ENVELOPE} if self._era == MODERN else {}
        return {"jsonrpc": "2.0", "id": self._number, "method": method, "params": meta | params}


def _result(answer: Mapping[str, Any]) -> dict[str, Any]:
    result = answer.get("result")
    if not isinstance(result, dict):
        raise _Refused
    return result


def _name(result: Mapping[str, Any]) -> str:
    """In the older era it stands in the result, in the newer one in what goes with it."""
    meta = result.get("_meta")
    inside = meta.get("io.modelcontextprotocol/serverInfo") if isinstance(meta, dict) else None
    info = result.get("serverInfo", inside)
    return f"{info.get('name', '')} {info.get('version', '')}".strip() if isinstance(info, dict) else ""
