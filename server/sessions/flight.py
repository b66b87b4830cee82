"""``SingleFlight``: one run at a time, shared by everybody who asks for it meanwhile."""

import logging
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from copy import copy
from typing import Any

import anyio

from ..api.budget import failures, requesting
from ..errors import InternalError, RememberizerError

logger = logging.getLogger(__name__)

Spawn = Callable[[Callable[[], Coroutine[Any, Any, None]]], object]
"""Starts a task that outlives its caller."""


class _Outcome:
    def __init__(self) -> None:
        self.done = anyio.Event()
        self.error: RememberizerError | None = InternalError()

    async def known(self) -> None:
        """Wait for it; raises as ``SingleFlight.join``."""
        with requesting():
            await self.done.wait()
        if self.error:
            raise copy(self.error)


class SingleFlight:
    """Runs ``run`` in a task of its own, so that a cancelled caller stops neither the run nor the others who wait.

    ``ended`` is told how each run ended.
    """

    def __init__(
        self,
        run: Callable[[], Awaitable[None]],
        *,
        spawn: Spawn,
        ended: Callable[[RememberizerError | None], None] = lambda _: None,
    ) -> None:
        self._run = run
        self._spawn = spawn
        self._ended = ended
        self._outcome: _Outcome | None = None

    async def join(self) -> None:
        """Start a run, or wait for the one under way.

        Raises:
            UpstreamTimeout: The caller's time (``budget``) is over; the run goes on.
            RememberizerError: What the run raised, as a new exception for each who waits; or what an earlier run raised
                within the same call (``budget``).
        """
        failed = failures()
        if self in failed:
            raise copy(failed[self])
        if self._outcome is None:
            outcome = _Outcome()
            self._spawn(lambda: self._fly(outcome))
            self._outcome = outcome
        try:
            await self._outcome.known()
        except RememberizerError as error:
            failed[self] = error
            raise

    async def settled(self) -> None:
        """Wait until the run under way is over, however it ends, or the caller's time is."""
        if self._outcome is not None:
            with suppress(RememberizerError):
                await self._outcome.known()

    async def _fly(self, outcome: _Outcome) -> None:
        try:
            await self._run()
            outcome.error = None
        except RememberizerError as error:
            outcome.error = error
        except Exception:
            logger.exception("a shared run failed")
        finally:
            self._outcome = None
            outcome.done.set()
        self._ended(outcome.error)
