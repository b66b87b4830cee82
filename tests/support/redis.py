"""A real Redis on a loopback port, that can be stopped, hung and started anew, and whose time can pass."""

import shutil
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

import anyio
import anyio.lowlevel
from anyio.abc import SocketStream
from pydantic import SecretStr
from redis import Redis
from rememberizer_mcp.server.meter import Meter
from rememberizer_mcp.server.sessions.redis_shelf import RedisShelf
from rememberizer_mcp.server.sessions.shelf import Change, Part, Record

from tests.support.clock import FakeClock
from tests.support.ports import free_port
from tests.support.process import LONGEST_SECONDS, running

OLD, NEW = SecretStr("the-old-key-of-the-ring-" + "o" * 20), SecretStr("the-new-key-of-the-ring-" + "n" * 20)
LOCK_SECONDS = 30.0
T = TypeVar("T")
_WAIT = """
for _, name in ipairs(redis.call('KEYS', '*')) do
    if redis.call('TYPE', name).ok == 'zset' then
        for _, member in ipairs(redis.call('ZRANGE', name, 0, -1)) do
            redis.call('ZINCRBY', name, string.format('%.0f', -1000 * ARGV[1]), member)
        end
    end
    local left = redis.call('PTTL', name) - ARGV[1]
    if left > 0 then redis.call('PEXPIRE', name, string.format('%.0f', left)) else redis.call('DEL', name) end
end
"""


class Overtaken(RedisShelf):
    """A shelf by which, once, something else happens between Redis' answer and the caller's next step."""

    meanwhile: Callable[[], Awaitable[object]] | None = None

    async def read(self, name: str, *, known: Mapping[Part, str]) -> Record | None:
        return await self._then(await super().read(name, known=known))

    async def write(self, name: str, changes: Mapping[Part, Change], *, used_at: float, seconds: float) -> bool:
        return await self._then(await super().write(name, changes, used_at=used_at, seconds=seconds))

    async def _then(self, answer: T) -> T:
        meanwhile, self.meanwhile = self.meanwhile, None
        if meanwhile:
            await meanwhile()
        return answer


class RedisServer:
    """Redis, with its data in a file that each write is added to; ``asked`` is a client of the test's own."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.folder = folder
        self.asked = Redis(port=self.port, protocol=2)
        self._running = ExitStack()

    @property
    def url(self) -> SecretStr:
        return SecretStr(f"redis://127.0.0.1:{self.port}/0")

    def start(self, *options: str) -> None:
        """Start it, with the data that it has."""
        usual = ("--bind", "127.0.0.1", "--dir", str(self.folder), "--appendonly", "yes", "--save", "")
        command = ("redis-server", "--port", f"{self.port}", *usual, "--enable-debug-command", "yes", *options)
        self.process = self._running.enter_context(running(command=command))
        while b"Ready to accept connections" not in self.process.line():
            pass

    def stop(self) -> None:
        """End it as an operator does; it keeps its data."""
        self.process.popen.terminate()
        self.process.popen.wait(LONGEST_SECONDS)
        self._running.close()

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """Let there be none meanwhile."""
        self.stop()
        yield
        self.start()

    def lose_data(self) -> None:
        """Forget the data of a server that is stopped."""
        shutil.rmtree(self.folder / "appendonlydir")

    @contextmanager
    def hung(self) -> Iterator[None]:
        """Let it do nothing; what is sent to it stays in its socket."""
        self.process.popen.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.process.popen.send_signal(signal.SIGCONT)

    def wait(self, seconds: float) -> None:
        """Let so much time pass for all values and attempts at once."""
        self.asked.eval(_WAIT, 0, round(seconds * 1000))

    def names(self, kind: str = "*") -> Sequence[str]:
        """The names of a kind that are there."""
        found: Any = self.asked.keys(f"rememberizer:*:{kind}:*")
        return sorted(name.decode() for name in found)


@contextmanager
def redis_server(folder: Path) -> Iterator[RedisServer]:
    """Serve while the body runs."""
    server = RedisServer(folder)
    server.start()
    try:
        yield server
    finally:
        server.asked.close()
        server.stop()


class Relay:
    """What carries the bytes between Redis and its clients, and can lose an answer together with the connection."""

    def __init__(self, server: RedisServer, port: int) -> None:
        self._server = server
        self.port = port
        self.url = SecretStr(f"redis://127.0.0.1:{port}/0")
        self.loses_next = False

    async def carry(self, client: SocketStream) -> None:
        redis = await anyio.connect_tcp("127.0.0.1", self._server.port)
        await anyio.lowlevel.checkpoint()  # after a cancellation CPython 3.11 loses trace events until the next one
        async with client, redis, anyio.create_task_group() as tasks:
            tasks.start_soon(self._carry_requests, client, redis)
            with suppress(anyio.EndOfStream):
                answer = await redis.receive()
                while not self.loses_next:
                    await client.send(answer)
                    answer = await redis.receive()
                self.loses_next = False
            tasks.cancel_scope.cancel()

    async def _carry_requests(self, client: SocketStream, redis: SocketStream) -> None:
        async for request in client:
            await redis.send(request)
        await redis.send_eof()


@asynccontextmanager
async def relayed(server: RedisServer) -> AsyncIterator[Relay]:
    """Carry bytes while the body runs."""
    relay = Relay(server, free_port())
    listening = await anyio.create_tcp_listener(local_host="127.0.0.1", local_port=relay.port)
    async with listening as listener, anyio.create_task_group() as tasks:
        tasks.start_soon(listener.serve, relay.carry)
        yield relay
        tasks.cancel_scope.cancel()


@asynccontextmanager
async def redis_shelf(
    server: RedisServer | Relay, *keys: SecretStr, clock: FakeClock | None = None, meter: Meter | None = None
) -> AsyncIterator[Overtaken]:
    """A shelf there, whose waits for a lock are those of the clock."""
    sleep = (clock or FakeClock()).sleep
    shelf = Overtaken(server.url, keys=keys or (OLD,), lock_seconds=LOCK_SECONDS, sleep=sleep, meter=meter)
    try:
        yield shelf
    finally:
        await shelf.aclose()
