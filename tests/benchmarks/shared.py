"""What it costs to keep sessions in Redis: CPU time of calls in our process, and memory there."""

import shutil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import anyio

from tests.benchmarks.figures import Figure
from tests.benchmarks.growth import grown
from tests.benchmarks.hosted import TOOLS, figures_of
from tests.benchmarks.logins import SESSIONS_PER_RUN, growth_of_calls
from tests.support.redis import RedisServer, redis_server
from tests.support.replicas import stored_in

KINDS = ("sessions", "account")
"""What is kept for as long as a session; counted attempts fade within a minute."""
TOKENS_BYTES = 2 * 267
"""An access and a refresh token of the upstream of these benchmarks."""


def shared_figures(runs: int) -> list[Figure]:
    """Calls by people who are signed in, beside the bare server, and beside ours with few sessions.

    Without a ``redis-server`` on this machine there are none.
    """
    if shutil.which("redis-server") is None:
        return []
    sessions = runs * SESSIONS_PER_RUN
    with TemporaryDirectory() as folder, redis_server(Path(folder)) as redis:
        settings = stored_in(redis)
        figures = anyio.run(figures_of, runs, TOOLS[:1], "One call over HTTP with Redis, CPU", settings)
        redis.asked.flushall()
        few = {**settings, "STORE": f"redis://127.0.0.1:{redis.port}/1"}
        found = anyio.run(grown, sessions, settings, few)
        each = _bytes_of_all(redis) / sessions
    return [
        *figures,
        *growth_of_calls(found, "in Redis"),
        Figure(
            group="Memory in Redis of a session; bare: its tokens",
            what=f"{sessions:,} sessions",
            unit="bytes",
            ours=[each] * 2,
            bare=[TOKENS_BYTES] * 2,
        ),
    ]


def _bytes_of_all(redis: RedisServer) -> float:
    """What Redis says that sessions and what is known of their accounts take there, with their names."""
    asked: Any = redis.asked
    return float(sum(asked.memory_usage(name) for kind in KINDS for name in redis.names(kind)))
