"""Kept connections that lead nowhere: after the machine slept, or a router forgot one, nothing ever comes back on it.

That can't be seen before the call is sent. So a kept connection gets less time for the first byte of its answer than
the call has, and whoever calls goes on with a new one.
"""

from typing import Any

import anyio
import httpx

KEPT_SECONDS = 5.0
"""How long a connection is kept without use."""
MOST_SILENT_SECONDS = 5.0


class SilentConnectionError(Exception):
    """Nothing came back on a kept connection; whether the call arrived is not known."""


async def answered_soon(client: httpx.AsyncClient, request: httpx.Request) -> httpx.Response:
    """Send a request that may be sent again; on a kept connection wait for a quarter of its time, 5 s at most.

    Raises:
        SilentConnectionError: No answer began by then. The connection is closed.
        httpx.HTTPError: As ``client.send``.
    """
    with anyio.CancelScope() as scope:
        request.extensions["trace"] = _Watch(scope)
        return await client.send(request, stream=True)
    raise SilentConnectionError


class _Watch:
    """Takes httpcore's events: a connection that was not opened for this request was kept."""

    def __init__(self, scope: anyio.CancelScope) -> None:
        self._scope = scope
        self._is_kept = True

    async def __call__(self, event: str, _: dict[str, Any]) -> None:
        what = event.partition(".")[2]
        if what == "connect_tcp.started":
            self._is_kept = False
        elif what == "receive_response_headers.started" and self._is_kept:
            now = anyio.current_time()
            self._scope.deadline = now + min((anyio.current_effective_deadline() - now) / 4, MOST_SILENT_SECONDS)
