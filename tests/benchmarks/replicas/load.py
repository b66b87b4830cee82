"""The load run: everybody asks once a second, while processes end and Redis starts anew."""

import signal
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import anyio
from anyio import to_thread
from rememberizer_mcp.server.sessions.grant import REFRESH_AHEAD_SECONDS

from tests.benchmarks.replicas.person import Person
from tests.benchmarks.replicas.service import Service, service
from tests.benchmarks.replicas.tally import ENDED, KILLED, RESTARTED, Event, Tally
from tests.support.redis import NEW, OLD

SETTLED_SECONDS = 3.5
"""After an event, before the next: longer than nginx leaves a process alone that did not answer. A ``fail_timeout`` of
2 s lasts up to 3 s, since nginx counts whole seconds."""
Planned = tuple[float, str, Callable[[Service], Coroutine[Any, Any, None]]]
"""When it happens at the soonest, in seconds; what ``Tally`` calls it; and what is done."""


@dataclass(frozen=True, kw_only=True)
class Run:
    """How many ask for how long, and what happens meanwhile."""

    people: int
    seconds: float
    due_seconds: float
    """So long after it was given an access token of Rememberizer is renewed."""
    events: Sequence[Planned] = ()
    meanwhile: Callable[[Service], Coroutine[Any, Any, None]] | None = None
    """What else is done until everybody has asked."""


def ended(index: int, *, at: float, **settings: str) -> Planned:
    """A process gets SIGTERM, answers what it was asked, and is started again, with these settings changed."""
    return at, ENDED, partial(_start_again, index=index, by=signal.SIGTERM, settings=settings)


def killed(index: int, *, at: float) -> Planned:
    """A process gets SIGKILL, and is started again."""
    return at, KILLED, partial(_start_again, index=index, by=signal.SIGKILL, settings={})


def restarted(*, at: float) -> Planned:
    """Redis ends as an operator ends it, and is started again with its data."""
    return at, RESTARTED, _restart_redis


async def _restart_redis(on: Service) -> None:
    assert on.redis
    await to_thread.run_sync(on.redis.stop)
    await to_thread.run_sync(on.redis.start)


async def _start_again(on: Service, *, index: int, by: signal.Signals, settings: Mapping[str, str]) -> None:
    process = on.processes[index]
    await process.stop(by)
    process.settings = {**process.settings, **settings}
    await process.start()


SHORT = Run(people=20, seconds=10, due_seconds=4, events=(ended(0, at=2.5), restarted(at=4.5), killed(1, at=6.5)))
ROTATION = Run(
    people=20,
    seconds=10,
    due_seconds=4,
    events=[
        ended(index, at=0, STORE_KEYS=",".join(key.get_secret_value() for key in ring))
        for ring in ((OLD, NEW), (NEW, OLD), (NEW,))
        for index in (0, 1)
    ],
)
"""What an operator does to replace a key, while everybody asks once between two steps."""
LONG = Run(people=200, seconds=60, due_seconds=20, events=(ended(0, at=20), restarted(at=30), killed(1, at=40)))


async def load(folder: Path, run: Run, *, processes: int, **settings: str) -> Tally:
    """Let everybody ask until the time is over and all has happened, and note how their calls end."""
    tally, all_happened = Tally(run.people, due_seconds=run.due_seconds), anyio.Event()
    life = run.due_seconds + REFRESH_AHEAD_SECONDS
    async with (
        service(folder, people=run.people, processes=processes, life_seconds=life, **settings) as on,
        anyio.create_task_group() as tasks,
    ):
        tally.begun = on.begun

        async def happen() -> None:
            for at, what, do in run.events:
                await anyio.sleep(max(0.0, at - on.now))
                begin = on.now
                await do(on)
                tally.events.append(Event(begin, on.now, what))
                await anyio.sleep(SETTLED_SECONDS)
            all_happened.set()

        async def live(number: int) -> None:
            await anyio.sleep(number / run.people)
            await Person(number, on, tally).live(lambda: on.now < run.seconds or not all_happened.is_set())

        async with anyio.create_task_group() as everybody:
            for number in range(run.people):
                everybody.start_soon(live, number)
            tasks.start_soon(happen)
            if run.meanwhile:
                tasks.start_soon(run.meanwhile, on)
        tally.upstream = await on.asked_upstream()
        tasks.cancel_scope.cancel()
    return tally
