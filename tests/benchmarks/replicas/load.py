"""The load run: everybody asks once a second, while processes end and Redis starts anew."""

import signal
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import anyio
from rememberizer_mcp.server.sessions.grant import REFRESH_AHEAD_SECONDS

from tests.benchmarks.replicas.person import Person
from tests.benchmarks.replicas.service import Service, service
from tests.benchmarks.replicas.tally import ENDED, KILLED, Tally

Event = tuple[float, str, Callable[[Service], Coroutine[Any, Any, None]]]
"""When it happens, in seconds; what ``Tally`` calls it; and what is done."""


@dataclass(frozen=True, kw_only=True)
class Run:
    """How many ask for how long, and what happens meanwhile."""

    people: int
    seconds: float
    due_seconds: float
    """So long after it was given an access token of Rememberizer is renewed."""
    events: Sequence[Event] = ()
    meanwhile: Callable[[Service], Coroutine[Any, Any, None]] | None = None
    """What else is done until everybody has asked."""


def ended(index: int, *, at: float) -> Event:
    """A process gets SIGTERM, answers what it was asked, and is started again."""
    return at, ENDED, partial(_start_again, index=index, by=signal.SIGTERM)


def killed(index: int, *, at: float) -> Event:
    """A process gets SIGKILL, and is started again."""
    return at, KILLED, partial(_start_again, index=index, by=signal.SIGKILL)


async def _start_again(on: Service, *, index: int, by: signal.Signals) -> None:
    await on.processes[index].stop(by)
    await on.processes[index].start()


async def load(folder: Path, run: Run, *, processes: int, **settings: str) -> Tally:
    """Let everybody ask, and note how their calls end."""
    tally = Tally(run.people, due_seconds=run.due_seconds)
    life = run.due_seconds + REFRESH_AHEAD_SECONDS
    async with (
        service(folder, people=run.people, processes=processes, life_seconds=life, **settings) as on,
        anyio.create_task_group() as tasks,
    ):
        tally.begun = on.begun

        async def happen(event: Event) -> None:
            at, what, do = event
            await anyio.sleep(at)
            tally.events.append((on.now, what))
            await do(on)

        async def live(number: int) -> None:
            await anyio.sleep(number / run.people)
            await Person(number, on, tally).live(run.seconds)

        async with anyio.create_task_group() as everybody:
            for number in range(run.people):
                everybody.start_soon(live, number)
            for event in run.events:
                tasks.start_soon(happen, event)
            if run.meanwhile:
                tasks.start_soon(run.meanwhile, on)
        tally.upstream = await on.asked_upstream()
        tasks.cancel_scope.cancel()
    return tally
