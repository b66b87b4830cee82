"""``Connections``: those of a loopback port. There are few, none is silent for long, and they fill no log."""

import asyncio  # noqa: TID251 -- uvicorn's protocols are asyncio's
import logging
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

ACCEPTED_AT_ONCE = 1
"""asyncio logs each connection that it can't accept, and tries as many at once as it is told."""
FIRST_REQUEST_SECONDS = 10.0
SECONDS_BETWEEN_WARNINGS = 60.0

Later = Callable[[float, Callable[[], None]], asyncio.TimerHandle]


class Connections:
    """The open connections of one port; `protocol` is what uvicorn takes as its `http`.

    Args:
        most: How many there may be. Beyond them the oldest that owes no answer is cut off.
        state_of: What a request's scope holds of its connection, under `state`; made once for each connection.
        now: A clock, in seconds.
        later: Calls back after so many seconds; without it the running event loop does.
    """

    def __init__(
        self,
        *,
        most: int,
        state_of: Callable[[asyncio.Transport], Mapping[str, Any]] = lambda _: {},
        now: Callable[[], float] = time.monotonic,
        later: Later | None = None,
    ) -> None:
        self.protocol: Any = partial(_Connection, self)
        self.state_of = state_of
        self.logger = logging.Logger(__name__)  # noqa: LOG001 -- this port's alone, for it counts what it lets through
        self.logger.parent = logging.getLogger("uvicorn.error")
        self.logger.addFilter(self._may_be_logged)
        self._limit = most
        self._held: list[_Connection] = []
        self._now = now
        self._later = later
        self._warned_at = float("-inf")

    def take(self, connection: "_Connection") -> asyncio.TimerHandle:
        """Hold one more, and if there are too many let the oldest that is idle go; the new one is idle itself.

        Returns:
            What cuts it off if its first request doesn't come in time.
        """
        self._held.append(connection)
        if len(self._held) > self._limit:
            next(held for held in self._held if held.is_idle).transport.abort()
            self.logger.warning("over %d connections to one of our ports: those that ask nothing are cut", self._limit)
        later: Later = self._later or asyncio.get_running_loop().call_later
        return later(FIRST_REQUEST_SECONDS, connection.give_up)

    def drop(self, connection: "_Connection") -> None:
        """Forget one that has ended."""
        self._held.remove(connection)

    def _may_be_logged(self, record: logging.LogRecord) -> bool:
        """All failures, and one warning a minute: anybody on this machine can cause those."""
        if record.levelno >= logging.ERROR:
            return True
        is_due = self._now() - self._warned_at >= SECONDS_BETWEEN_WARNINGS
        if is_due:
            self._warned_at = self._now()
        return is_due


class _Connection(H11Protocol):
    """uvicorn's, which tells when it begins and ends."""

    def __init__(self, connections: Connections, **given: Any) -> None:
        super().__init__(**given)
        self.scope: Any = None  # of the newest request
        self._all = connections
        self.logger = connections.logger

    @property
    def is_idle(self) -> bool:
        """Whether no request waits for its answer."""
        return self.scope is None or self.cycle.response_complete

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's own
        super().connection_made(transport)
        self.app_state = dict(self._all.state_of(transport))
        self._patience = self._all.take(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._patience.cancel()
        self._all.drop(self)
        super().connection_lost(exc)

    def give_up(self) -> None:
        """Close it, unless a request came."""
        if self.scope is None:
            self.transport.abort()
