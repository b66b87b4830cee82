"""The service: processes behind nginx, an issuer of tokens, and a Rememberizer in a process of its own."""

import json
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from tests.benchmarks.served import upstream_serving
from tests.benchmarks.upstream import ACCOUNTS
from tests.support.issuer import issuing
from tests.support.nginx import Proxy, nginx
from tests.support.ports import free_port
from tests.support.process import beside_the_loop
from tests.support.redis import RedisServer
from tests.support.replicas import Replica, replicas, shared


@dataclass(frozen=True, kw_only=True)
class Service:
    """What its people know of it, and what happens to it."""

    proxy: Proxy
    processes: Sequence[Replica]
    tokens: Sequence[str]
    """For each person one."""
    upstream: str
    """Where Rememberizer is."""
    redis: RedisServer | None
    """Where the processes keep what they share, if they are several."""
    begun: float = field(default_factory=time.time)
    """In Unix seconds."""

    @property
    def now(self) -> float:
        """Seconds since the beginning."""
        return time.time() - self.begun

    async def asked_upstream(self) -> Mapping[str, Any]:
        """What Rememberizer was asked for each account, as ``upstream.Upstream`` notes it."""
        async with httpx.AsyncClient(trust_env=False) as client:
            found: Mapping[str, Any] = json.loads((await client.get(f"{self.upstream}{ACCOUNTS}")).content)
            return found


@asynccontextmanager
async def service(
    folder: Path, *, people: int, processes: int, life_seconds: float, **settings: str
) -> AsyncIterator[Service]:
    """Serve while the body runs. Rememberizer's access tokens live so long; the settings are those of all processes."""
    port = free_port()
    public = f"https://127.0.0.1:{port}"
    late = int(time.time()) + 86_400
    async with (
        issuing() as issuer,
        beside_the_loop(upstream_serving(life_seconds)) as base_url,
        shared(processes, folder) as (store, redis),
    ):
        tokens = [issuer.signed(sub=f"person-{each}", aud=f"{public}/mcp", exp=late) for each in range(people)]
        settings = {"PUBLIC_URL": public, "ISSUER": issuer.url, "BASE_URL": base_url, **store, **settings}
        async with replicas(processes, **settings) as started:
            before = nginx(folder, port=port, server_ports=[each.port for each in started])
            async with beside_the_loop(before) as proxy:
                origin = base_url.partition("/api/")[0]
                yield Service(proxy=proxy, processes=started, tokens=tokens, upstream=origin, redis=redis)
