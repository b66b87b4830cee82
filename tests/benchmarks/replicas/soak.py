"""The soak: the same load for long, and what memory each process holds meanwhile."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anyio
import psutil

from tests.benchmarks.replicas.load import Run, load
from tests.benchmarks.replicas.service import Service
from tests.benchmarks.replicas.tally import Tally
from tests.benchmarks.starts import MEBIBYTE

DUE_SECONDS = 60.0
SETTLED_SECONDS = 120.0
"""After so long a process holds what it holds for good; a shorter soak takes a fifth of its time for that."""
MOST_CHANGE = 0.05
"""Of the least that a process held once it had settled."""
EVERY_SECONDS = 1.0


@dataclass(kw_only=True)
class Soak:
    """What each process held, in MiB, and the calls. ``seconds`` has the time of each sample, for all of them."""

    settles_after: float
    tally: Tally
    seconds: list[float] = field(default_factory=list)
    held_mib: list[list[float]] = field(default_factory=list)

    def changes(self) -> list[float]:
        """For each process how far apart the least and the most are that it held once it had settled, as a ratio."""
        begin = sum(each < self.settles_after for each in self.seconds)
        return [max(held[begin:]) / min(held[begin:]) - 1 for held in self.held_mib]

    def faults(self) -> list[str]:
        """A sentence for each thing that must not be."""
        grown = [(number, each) for number, each in enumerate(self.changes()) if each > MOST_CHANGE]
        return [*self.tally.faults(), *(f"process {number} grew by {each:.1%}" for number, each in grown)]

    def as_json(self) -> dict[str, Any]:
        """The figures; of the samples one in five seconds."""
        return {
            **self.tally.as_json(),
            "settled after s": self.settles_after,
            "changes": self.changes(),
            "seconds": [round(each) for each in self.seconds[::5]],
            "held MiB": [[round(each, 1) for each in held[::5]] for held in self.held_mib],
        }


async def soak(folder: Path, *, calls: int, seconds: float, processes: int, **settings: str) -> Soak:
    """So many calls a second, by as many people."""

    async def watch(on: Service) -> None:
        held_by = [psutil.Process(each.server.process.popen.pid) for each in on.processes if each.server]
        found.held_mib = [[] for _ in held_by]
        while True:
            found.seconds.append(on.now)
            for held, process in zip(found.held_mib, held_by, strict=True):
                held.append(process.memory_info().rss / MEBIBYTE)
            await anyio.sleep(EVERY_SECONDS)

    found = Soak(settles_after=min(SETTLED_SECONDS, seconds / 5), tally=Tally(calls))
    run = Run(people=calls, seconds=seconds, due_seconds=DUE_SECONDS, meanwhile=watch)
    found.tally = await load(folder, run, processes=processes, **settings)
    return found
