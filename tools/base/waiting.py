"""Waiting for a person: the client hears that the call is alive, if it asked for that."""

import anyio

from .services import CallServices

PROGRESS_STEPS = 6


async def report_waiting(services: CallServices, *, until: float, message: str) -> None:
    """Say that the call waits, now and in equal steps of its patience, until cancelled."""
    whole = services.patience_seconds
    while True:
        waited = max(0.0, whole - (until - anyio.current_time()))
        await services.caller.report(waited, of=whole, message=message)
        await anyio.sleep(whole / PROGRESS_STEPS)
