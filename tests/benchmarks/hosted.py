"""What a call over HTTP costs ours beside a bare server behind the same authorization, in CPU time of the server.

The clients are in this process, and the upstream in another one.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import anyio

from tests.benchmarks.exchange import Era
from tests.benchmarks.figures import Figure
from tests.benchmarks.installed import BIN
from tests.benchmarks.load import HttpClient, ask, clients
from tests.benchmarks.served import authorized_by, cpu_ms, ours_serving, serving, tokens_of, upstream_serving
from tests.support.agent import ADA
from tests.support.issuer import issuing
from tests.support.ports import free_port
from tests.support.process import Process

BARE_HTTP = (str(BIN / "python"), str(Path(__file__).with_name("bare_http.py")))
ERAS: Sequence[Era] = ("2026-07-28", "2025-11-25")
CLIENTS = (1, 16, 64)
CALLS = 64
"""In a sample, by all clients together."""
SAMPLES = 3
"""In a run: the noise of a machine is larger than what is looked for."""


@dataclass(frozen=True, kw_only=True)
class Tool:
    """A tool of ours, what it is held against, and the arguments of both."""

    name: str
    bare: str
    given: Mapping[str, Any]


TOOLS = (
    Tool(name="session_status", bare="ping", given={}),
    Tool(name="search", bare="search", given={"query": "tea"}),
)


@dataclass(frozen=True, kw_only=True)
class Server:
    """A process that serves at this port, and tokens for so many people as there are clients at most."""

    process: Process
    port: int
    tokens: Sequence[str]

    async def cost_ms(self, asking: Sequence[HttpClient], tool: str, given: Mapping[str, Any]) -> float:
        """Milliseconds of CPU that a call of this tool takes."""
        before = cpu_ms(self.process)
        await ask(asking, CALLS, tool, **given)
        return (cpu_ms(self.process) - before) / CALLS


def hosted_figures(runs: int) -> list[Figure]:
    """Samples of ours and of the bare server in turn, with few and with many clients, in both eras."""
    return anyio.run(figures_of, runs, TOOLS, "One call over HTTP, CPU", {})


async def figures_of(runs: int, tools: Sequence[Tool], group: str, settings: Mapping[str, str]) -> list[Figure]:
    """The same for these tools, with these settings of ours; the figures are in a group of this name."""
    async with _both(settings) as (ours, bare):
        return [
            await _figure(f"{group}: {tool.name}", (ours, bare), tool, era=era, number=number, runs=runs)
            for tool, era, number in product(tools, ERAS, CLIENTS)
        ]


async def _figure(
    group: str, servers: tuple[Server, Server], tool: Tool, *, era: Era, number: int, runs: int
) -> Figure:
    ours, bare = servers
    async with (
        clients(ours.tokens[:number], port=ours.port, era=era) as of_ours,
        clients(bare.tokens[:number], port=bare.port, era=era) as of_bare,
    ):
        pairs = [
            (
                await ours.cost_ms(of_ours, tool.name, tool.given),
                await bare.cost_ms(of_bare, tool.bare, tool.given),
            )
            for _ in range(runs * SAMPLES + 1)
        ][1:]  # by then both are warm
    return Figure(
        group=group,
        what=f"{era}, {number} client{'s' * (number > 1)}",
        unit="ms",
        ours=[mine for mine, _ in pairs],
        bare=[other for _, other in pairs],
    )


@asynccontextmanager
async def _both(settings: Mapping[str, str]) -> AsyncIterator[tuple[Server, Server]]:
    """Ours with these settings, where everybody is signed in, and the bare one."""
    our_port, bare_port = free_port(), free_port()
    like_ours = ("stateless",) if "STORE" in settings else ()
    async with issuing() as issuer:
        usual = authorized_by(issuer, our_port)
        with (
            upstream_serving() as base_url,
            ours_serving(port=our_port, **(usual | {"BASE_URL": base_url, **settings})) as our_process,
            serving((*BARE_HTTP, str(bare_port), issuer.url, base_url, *like_ours), port=bare_port) as bare_process,
        ):
            ours, bare = (
                Server(process=process, port=port, tokens=tokens_of(issuer, port, max(CLIENTS)))
                for process, port in ((our_process, our_port), (bare_process, bare_port))
            )
            async with clients(ours.tokens, port=ours.port, era=ERAS[0]) as everybody:
                await ask(everybody, len(everybody), "login", **ADA)
            yield ours, bare
