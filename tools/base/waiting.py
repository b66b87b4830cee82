"""Waiting for a person: the client hears that the call is alive, if it asked for that."""

from collections.abc import Awaitable, Callable
from typing import Any

import anyio

from .caller import Caller

PROGRESS_STEPS = 6


async def wait(caller: Caller, *works: Callable[[], Awaitable[Any]], until: float, message: str) -> Any:
    """Wait until one of these comes to its end, or until the patience does.

    Args:
        caller: Who waits.
        works: What may end it; the rest is cancelled then.
        until: When the patience ends, on anyio's clock.
        message: What the client hears.

    Returns:
        What the first one came to; ``None`` if none ended in time.
    """
    found: list[Any] = []

    async def do(work: Callable[[], Awaitable[Any]]) -> None:
        found.append(await work())
        tasks.cancel_scope.cancel()

    with anyio.CancelScope(deadline=until):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(_report, caller, until, message)
            for work in works:
                tasks.start_soon(do, work)
    await anyio.lowlevel.checkpoint()  # after a cancellation CPython 3.11 loses trace events until the next one
    return found[0] if found else None


async def _report(caller: Caller, until: float, message: str) -> None:
    """Say that the call waits, now and in equal steps of its patience, until cancelled."""
    whole = caller.patience_seconds
    while True:
        waited = max(0.0, whole - (until - anyio.current_time()))
        await caller.report(waited, of=whole, message=message)
        await anyio.sleep(whole / PROGRESS_STEPS)
