"""``Metrics``: counts what the server does, by Prometheus' own library, and answers at a loopback port of its own."""

import time
from collections.abc import Callable
from http import HTTPStatus

from prometheus_client import (
    CONTENT_TYPE_PLAIN_0_0_4,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from ..errors import RememberizerError
from ..loopback import Connections, LoopbackServer, is_asked_here
from ..meter import Meter
from .app import LOOPBACK_NAMES, METRICS_PATH
from .serving import Unservable

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60)
"""Upper ends of the histogram's buckets. A call of a minute waited for a person, or for an upload."""
_MOST_CONNECTIONS = 16


class Metrics(Meter):
    """Also an ASGI application, which answers ``GET /metrics`` to a request for this machine.

    Args:
        clock: Seconds that never jump.
    """

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        # Of the library as a whole. A second series for each series would say when that began.
        disable_created_metrics()  # type: ignore[no-untyped-call]  # the library gives it no types
        self.registry = registry = CollectorRegistry()
        self._clock = clock
        self._calls = Counter(
            "rememberizer_mcp_tool_calls_total", "Calls of tools that ended.", ("tool", "code"), registry=registry
        )
        self._seconds = Histogram(
            "rememberizer_mcp_tool_call_seconds",
            "How long calls of tools took, the wait for a person included.",
            ("tool",),
            registry=registry,
            buckets=SECONDS,
        )
        self._requests = Counter(
            "rememberizer_mcp_upstream_requests_total",
            "Requests to Rememberizer that ended, each attempt by itself.",
            ("family", "class"),
            registry=registry,
        )
        self._sessions = Gauge(
            "rememberizer_mcp_sessions",
            "Sessions that are held, signed in or with an open sign-in page.",
            registry=registry,
        )
        self._refreshes = Counter(
            "rememberizer_mcp_refreshes_total", "Renewals of sign-ins that ended.", ("outcome",), registry=registry
        )
        self._store_failures = Counter(
            "rememberizer_mcp_store_failures_total", "Times that Redis could not be used.", registry=registry
        )
        ProcessCollector(registry=registry)

    def now(self) -> float:
        """Seconds that never jump."""
        return self._clock()

    def called(self, tool: str, code: str, *, since: float) -> None:
        """Count a call."""
        self._calls.labels(tool, code).inc()
        self._seconds.labels(tool).observe(self._clock() - since)

    def requested(self, family: str, result: str) -> None:
        """Count a request to Rememberizer."""
        self._requests.labels(family, result).inc()

    def refreshed(self, error: RememberizerError | None) -> None:
        """Count a renewal."""
        self._refreshes.labels(error.code if error else "ok").inc()

    def store_failed(self) -> None:
        """Count a failure of what several processes share."""
        self._store_failures.inc()

    def watch_sessions(self, count: Callable[[], int]) -> None:
        """Ask this for the number of sessions."""
        self._sessions.set_function(count)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        await self._answer(scope)(scope, receive, send)

    def _answer(self, scope: Scope) -> Response:
        if not is_asked_here(scope, names=LOOPBACK_NAMES):
            return PlainTextResponse("Metrics are for programs on this machine.\n", HTTPStatus.FORBIDDEN)
        if scope["path"] != METRICS_PATH:
            return PlainTextResponse(f"Metrics are at {METRICS_PATH}.\n", HTTPStatus.NOT_FOUND)
        if scope["method"] != "GET":
            return Response(status_code=HTTPStatus.METHOD_NOT_ALLOWED, headers={"Allow": "GET"})
        return Response(generate_latest(self.registry), headers={"Content-Type": CONTENT_TYPE_PLAIN_0_0_4})


def metrics_server(metrics: Metrics, *, port: int) -> LoopbackServer:
    """What answers at this port of 127.0.0.1; 0 is any free one.

    Raises:
        Unservable: The port can't be had.
    """
    try:
        return LoopbackServer(metrics, connections=Connections(most=_MOST_CONNECTIONS), port=port)
    except ValueError as error:
        raise Unservable(str(error)) from error
