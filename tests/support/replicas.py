"""Several processes of one service, each at a port of its own: they are ended, killed and started again at will."""

import signal
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from anyio import to_thread

from tests.support.http_server import HttpServer, http_server
from tests.support.ports import free_port
from tests.support.process import beside_the_loop
from tests.support.redis import OLD, RedisServer, redis_server


@dataclass
class Replica:
    """One process with these settings, and its port, which stays the same when the process is started again."""

    settings: Mapping[str, str]
    port: int = field(default_factory=free_port)
    written: list[str] = field(default_factory=list)
    """What each process wrote to stderr, once it has ended."""
    server: HttpServer | None = None
    """The process that runs, if one does."""
    _running: AsyncExitStack = field(default_factory=AsyncExitStack)

    async def start(self) -> None:
        """Start it, and wait until it takes connections."""
        served = http_server("--port", str(self.port), **self.settings)
        self.server = await self._running.enter_async_context(served)

    async def stop(self, by: signal.Signals = signal.SIGTERM) -> int:
        """End it by this signal; the exit code."""
        assert self.server
        process, self.server = self.server.process, None
        process.popen.send_signal(by)
        _, code, _, noise = await to_thread.run_sync(process.finish)
        self.written.append(noise.decode())
        await self._running.aclose()
        return code

    async def aclose(self) -> None:
        """Leave nothing running."""
        await self._running.aclose()


@asynccontextmanager
async def replicas(count: int, **settings: str) -> AsyncIterator[Sequence[Replica]]:
    """So many processes with the same settings while the body runs; those that run then have to end well."""
    found = [Replica(settings) for _ in range(count)]
    async with AsyncExitStack() as stack:
        for each in found:
            stack.push_async_callback(each.aclose)
            await each.start()
        yield found
        for each in found:
            if each.server:
                assert await each.stop() == 0


@asynccontextmanager
async def shared(processes: int, folder: Path) -> AsyncIterator[tuple[Mapping[str, str], RedisServer | None]]:
    """The settings by which so many processes have the same sessions, and the Redis for that; one needs none."""
    if processes == 1:
        yield {}, None
        return
    async with beside_the_loop(redis_server(folder)) as redis:
        yield stored_in(redis), redis


def stored_in(redis: RedisServer) -> Mapping[str, str]:
    """The settings of processes that keep their sessions there."""
    return {"STORE": redis.url.get_secret_value(), "STORE_KEYS": OLD.get_secret_value()}
