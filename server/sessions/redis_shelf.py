"""``RedisShelf``: what all processes of a service share, in Redis.

No value can be read there without the ring of keys, and no name tells a person, a session or a ticket.
"""

import json
import logging
import math
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any, TypeVar, get_args

import anyio
from pydantic import SecretStr
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.commands.core import AsyncScript
from redis.exceptions import ConnectionError as NotConnected
from redis.exceptions import NoScriptError, RedisError

from ..errors import StoreUnavailable
from ..meter import Meter
from . import redis_scripts as scripts
from .fading import Fading
from .sealing import PREFIX, Ring
from .shelf import MOST, Change, Found, Kept, Part, Record

ANSWER_SECONDS = 2.0
READY_SECONDS = 1.0
MOST_CONNECTIONS = 1_000
"""While Redis hangs, each call holds one for two seconds."""
KEPT_CONNECTIONS = 16
"""For what nearly every call asks."""
POLL_SECONDS = 0.05
"""Between two looks whether a lock is free."""
PARTS: tuple[Part, ...] = get_args(Part)
SESSION, LOCK, ATTEMPTS = "sessions", "locks", "attempts"
"""Kinds of ours; those that callers name are in the singular."""

T = TypeVar("T")
logger = logging.getLogger(__name__)


class RedisShelf:
    """A ``SharedShelf`` in Redis; it connects when it is first asked something.

    Args:
        url: Of Redis, as redis-py reads it; it may hold a password.
        keys: Secrets of at least 32 bytes, of which the first seals and all open.
        lock_seconds: The life of a lock; longer than its holder may need.
        sleep: Waits for a lock.
        meter: Is told when Redis could not be reached.
    """

    def __init__(
        self,
        url: SecretStr,
        *,
        keys: Sequence[SecretStr],
        lock_seconds: float,
        sleep: Callable[[float], Awaitable[None]] = anyio.sleep,
        meter: Meter | None = None,
    ) -> None:
        self._ring = Ring(keys)
        self._lock_seconds = lock_seconds
        self._sleep = sleep
        self._meter = meter or Meter()
        self._was_reached = False
        self._is_down = False
        self._unreleased = Fading[str](seconds=lock_seconds, most=MOST, now=anyio.current_time)
        """The holder of each lock that could not be released: who is next here goes on as that holder."""
        # RESP3 costs more, and its pool hands out connections that the server closed (redis/redis-py#4252). A timeout
        # of the socket costs a task for each command; the time for the whole answer is limited below.
        self._redis = redis = Redis.from_url(
            url.get_secret_value(),
            protocol=2,
            socket_timeout=None,
            socket_connect_timeout=1,
            retry=Retry(NoBackoff(), 1),
            max_connections=MOST_CONNECTIONS,
            encoding_errors="surrogateescape",
        )
        self._kept = [
            redis.connection_pool.make_connection()  # type: ignore[no-untyped-call]  # all else there has types
            for _ in range(KEPT_CONNECTIONS)
        ]
        self._put, self._take = redis.register_script(scripts.PUT), redis.register_script(scripts.TAKE)
        self._attempt = redis.register_script(scripts.ATTEMPT)
        self._lock, self._unlock = redis.register_script(scripts.LOCK), redis.register_script(scripts.UNLOCK)
        self._read, self._write = redis.register_script(scripts.READ), redis.register_script(scripts.WRITE)
        self._remove, self._touch = redis.register_script(scripts.REMOVE), redis.register_script(scripts.TOUCH)
        self._move, self._move_value = redis.register_script(scripts.MOVE), redis.register_script(scripts.MOVE_VALUE)

    async def put(self, kind: str, key: str, value: bytes, *, seconds: float) -> None:
        """Keep a value under this key for so many seconds, in the place of any other."""
        life = _milliseconds(seconds)
        sealed = self._ring.seal(value, kind, key, str(life))
        await self._run(self._put, self._ring.names(kind, key), [f"{life} {sealed}", life])

    async def get(self, kind: str, key: str) -> bytes | None:
        """The value, if it is there."""
        names = self._ring.names(kind, key)
        found: list[bytes | None] = await self._asked(self._redis.mget(names))
        sealed = next(filter(None, found), b"")
        value, life = self._opened(sealed, kind, key)
        if value is not None and found[0] is None:
            await self._run(self._move_value, names, [sealed, f"{life} {self._ring.seal(value, kind, key, str(life))}"])
        return value

    async def take(self, kind: str, key: str) -> Kept | None:
        """Remove the value and return it; of several callers only one gets it."""
        found = await self._run(self._take, self._ring.names(kind, key))
        if not found:
            return None
        value, life = self._opened(found[0], kind, key)
        return None if value is None else Kept(value, (life - found[1]) / 1000)

    def _opened(self, found: bytes, kind: str, key: str) -> tuple[bytes | None, int]:
        life, _, sealed = found.partition(b" ")
        value = self._ring.opened(sealed, kind, key, life.decode(errors="replace"))
        return value, 0 if value is None else int(life)

    async def attempt(self, key: str, *, most: int, seconds: float) -> float | None:
        """Count one attempt, by Redis' clock, if there were fewer than ``most`` within the last ``seconds``.

        Returns:
            The seconds until the next attempt is free, and this one is not counted; ``None`` if it is counted.
        """
        window = math.ceil(seconds * 1_000_000)
        arguments: list[str | int] = [most, window, secrets.token_hex(8)]
        wait = await self._run(self._attempt, self._ring.names(ATTEMPTS, key), arguments)
        return None if wait is None else math.ceil(wait / 1000) / 1000

    async def read(self, name: str, *, known: Mapping[Part, str]) -> Record | None:
        """The session, if it is there, without the values of those versions that are known already."""
        versions = [known.get(part, "") for part in PARTS]
        found = await self._asked(self._sent_quickly(self._read, self._ring.names(SESSION, name), versions))
        if not found:
            return None
        if isinstance(found, bytes):
            return Record({part: Found(version, None) for part, version in known.items()}, float(found))
        parts = dict(self._parts(name, found))
        return Record(parts, _moment(found[0]), is_to_move=not found[5]) if parts else None

    def _parts(self, name: str, found: Sequence[Any]) -> Iterator[tuple[Part, Found]]:
        for part, sent, sealed in zip(PARTS, found[1:3], found[3:5], strict=True):
            if sent:
                version = sent.decode(errors="surrogateescape")
                yield part, Found(version, sealed and (self._ring.opened(sealed, SESSION, name, part, version) or b""))

    async def move(self, name: str) -> None:
        """Seal the session by the first key, which another one sealed; what can't be opened stays as it is."""
        names = self._ring.names(SESSION, name)
        found = await self._run(self._read, names, ["", ""])
        parts, arguments = dict(self._parts(name, found or [None] * 5)), list[str]()
        for part in PARTS:
            version, value = parts.get(part, Found("", None))
            arguments += [part, version, self._ring.seal(value, SESSION, name, part, version) if value else ""]
        await self._run(self._move, names, arguments)

    async def write(self, name: str, changes: Mapping[Part, Change], *, used_at: float, seconds: float) -> bool:
        """Write all these parts, and keep the session for so many seconds from now.

        Returns:
            Whether it was done; if one part has another version than the one to replace, nothing is written.
        """
        arguments: list[str | int] = [repr(used_at), _milliseconds(seconds)]
        for part, change in changes.items():
            sealed = self._ring.seal(change.value, SESSION, name, part, change.version)
            arguments += [part, change.version, change.over or "", sealed]
        while (done := await self._run(self._write, self._ring.names(SESSION, name), arguments)) == scripts.ELSEWHERE:
            await self.move(name)
        return bool(done)

    async def remove(self, name: str, *, over: Mapping[Part, str]) -> bool:
        """Remove the session.

        Returns:
            Whether it is gone; if one of these parts has another version by now, nothing is removed.
        """
        arguments = [text for pair in over.items() for text in pair]
        return bool(await self._run(self._remove, self._ring.names(SESSION, name), arguments))

    async def touch(self, name: str, *, used_at: float, seconds: float) -> None:
        """Note that the session was used, if it is there; an earlier time than the noted one changes nothing."""
        arguments: list[str | int] = [repr(used_at), _milliseconds(seconds)]
        await self._run(self._touch, self._ring.names(SESSION, name), arguments)

    @asynccontextmanager
    async def locked(self, name: str, part: Part) -> AsyncIterator[None]:
        """Hold the lock of a part while inside.

        Raises:
            StoreUnavailable: Others held it until the caller had waited for the life of a lock.
        """
        names = self._ring.names(LOCK, json.dumps([name, part]))
        holder = self._unreleased.get(names[0]) or secrets.token_hex(16)
        self._unreleased.forget(names[0])
        try:
            for _ in range(math.ceil(self._lock_seconds / POLL_SECONDS)):
                if await self._run(self._lock, names, [holder, _milliseconds(self._lock_seconds)]):
                    break
                await self._sleep(POLL_SECONDS)
            else:
                raise StoreUnavailable("Another request has worked on this session for too long.")
            yield
        finally:
            # Also where the answer was not waited for: the lock may be ours. It would end by itself, too.
            with anyio.CancelScope(shield=True):
                await self._release(names, holder)

    async def _release(self, names: Sequence[str], holder: str) -> None:
        if not self._is_down:
            with suppress(StoreUnavailable):
                await self._run(self._unlock, names, [holder])
                return
        self._unreleased.keep(names[0], holder)

    async def is_there(self) -> bool:
        """Whether Redis answers, within a second."""
        with suppress(StoreUnavailable):
            return bool(await self._asked(self._redis.ping(), seconds=READY_SECONDS))
        return False

    async def aclose(self) -> None:
        """Close the connections."""
        for connection in self._kept:
            await connection.disconnect()
        await self._redis.aclose()

    async def _run(self, script: AsyncScript, names: Sequence[str], arguments: Sequence[str | int | bytes] = ()) -> Any:
        """What a script gives."""
        return await self._asked(self._sent(script, names, arguments))

    async def _sent(self, script: AsyncScript, names: Sequence[str], arguments: Sequence[str | int | bytes]) -> Any:
        """The same, without a limit of time; a Redis that doesn't have the script yet is given it."""
        try:
            return await self._redis.evalsha(script.sha, len(names), *names, *arguments)
        except NoScriptError:
            return await script(names, arguments)

    async def _sent_quickly(
        self, script: AsyncScript, names: Sequence[str], arguments: Sequence[str | int | bytes]
    ) -> Any:
        """The same by a connection of ours, which costs half: redis-py's pool looks at each that it gives and gets."""
        if not self._kept:
            return await self._sent(script, names, arguments)
        connection = self._kept.pop()
        try:
            await connection.send_command("EVALSHA", script.sha, len(names), *names, *arguments)
            return await connection.read_response()
        except (NotConnected, NoScriptError):
            return await self._sent(script, names, arguments)  # Redis was started anew
        finally:
            self._kept.append(connection)

    async def _asked(self, answer: Awaitable[T], *, seconds: float = ANSWER_SECONDS) -> Any:
        """What Redis answers; a connection on which nobody waits for the answer any longer is closed by redis-py."""
        try:
            with anyio.move_on_after(seconds) as limit:
                answered = await answer
            if limit.cancelled_caught:
                raise TimeoutError  # anyio.fail_after, which does this, costs half as much again
        except (RedisError, OSError) as error:
            self._note_failure(error)
            raise StoreUnavailable from error
        self._is_down = False
        if not self._was_reached:
            self._was_reached = True
            await self._warn_of_other_keys()
        return answered

    def _note_failure(self, error: Exception) -> None:
        self._meter.store_failed()
        if not self._is_down:
            logger.warning("Redis can't be used (%s); no session can be until it answers.", type(error).__name__)
        self._is_down = True

    async def _warn_of_other_keys(self) -> None:
        """Say once how many sessions no key of the ring opens, as far as they are found within a second."""
        others = set[bytes]()
        with suppress(RedisError, OSError), anyio.move_on_after(READY_SECONDS):
            async for name in self._redis.scan_iter(match=f"{PREFIX}:*:{SESSION}:*", count=1000):
                others |= set() if name.split(b":")[1].decode(errors="replace") in self._ring.ids else {name}
        if others:
            logger.warning(
                "%d sessions in Redis can't be opened: their key is not in REMEMBERIZER_STORE_KEYS.", len(others)
            )


def _moment(text: bytes | None) -> float:
    with suppress(ValueError):
        return float(text or b"")
    return 0.0


def _milliseconds(seconds: float) -> int:
    return max(1, math.ceil(seconds * 1000))
