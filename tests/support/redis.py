"""A real Redis on a loopback port, that can be stopped, hung and started anew, and whose time can pass."""

import shutil
import signal
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import ExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from redis import Redis
from rememberizer_mcp.server.meter import Meter
from rememberizer_mcp.server.sessions.redis_shelf import RedisShelf

from tests.support.clock import FakeClock
from tests.support.ports import free_port
from tests.support.process import LONGEST_SECONDS, running

OLD, NEW = SecretStr("the-old-key-of-the-ring-" + "o" * 20), SecretStr("the-new-key-of-the-ring-" + "n" * 20)
LOCK_SECONDS = 30.0
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


@asynccontextmanager
async def redis_shelf(
    server: RedisServer, *keys: SecretStr, clock: FakeClock | None = None, meter: Meter | None = None
) -> AsyncIterator[RedisShelf]:
    """A shelf there, whose waits for a lock are those of the clock."""
    sleep = (clock or FakeClock()).sleep
    shelf = RedisShelf(server.url, keys=keys or (OLD,), lock_seconds=LOCK_SECONDS, sleep=sleep, meter=meter)
    try:
        yield shelf
    finally:
        await shelf.aclose()
