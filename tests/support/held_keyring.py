"""A keyring in memory that a test can hold, and calls that wait for it, are given up, or come one behind another."""

import threading
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import anyio
import anyio.to_thread
from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked

LONGEST_SECONDS = 10.0
WINDOWS_LIMIT = 2560
Operation = Callable[[], Coroutine[Any, Any, object]]
_Result = TypeVar("_Result")


class Held(KeyringBackend):
    """A keyring in memory, whose writes a test can hold, as a dialog of the system does."""

    priority = 1

    def __init__(self, *, deletes: bool = True) -> None:
        self.failure: Exception | None = None
        self.deletes = deletes
        self.entries: dict[tuple[str, str], str] = {}
        self.entered = threading.Event()
        self.may_write = threading.Event()
        self.may_write.set()

    def get_password(self, service: str, username: str) -> str | None:
        if isinstance(self.failure, KeyringLocked):
            raise self.failure
        return self.entries.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.entered.set()
        assert self.may_write.wait(LONGEST_SECONDS)
        if self.failure:
            raise self.failure
        if len(password) > WINDOWS_LIMIT:
            raise ValueError(f"can't write {password}")
        self.entries[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        if self.deletes:
            del self.entries[service, username]


async def in_a_task(operation: Callable[[], Coroutine[Any, Any, _Result]]) -> _Result:
    """Call an operation that gets an exception thrown in: in 3.11 its caller's next lines are lost to coverage."""
    results: list[_Result] = []

    async def run() -> None:
        results.append(await operation())

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(run)
    return results[0]


async def give_up(operation: Operation, ring: Held) -> None:
    """Call an operation, and cancel the call while it is under way, held by the keyring or behind one that is."""
    scope = anyio.CancelScope()

    async def run() -> None:
        with scope:
            await operation()

    ring.may_write.clear()
    with anyio.fail_after(LONGEST_SECONDS):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(run)
            await anyio.to_thread.run_sync(ring.entered.wait, LONGEST_SECONDS)
            await anyio.wait_all_tasks_blocked()
            scope.cancel()


async def one_behind_another(ring: Held, *operations: Operation) -> None:
    """Call each while the keyring holds the first, then let it go on, and wait for all."""
    ring.may_write.clear()
    with anyio.fail_after(LONGEST_SECONDS):
        async with anyio.create_task_group() as tasks:
            for operation in operations:
                tasks.start_soon(operation)
                await anyio.wait_all_tasks_blocked()
            await anyio.to_thread.run_sync(ring.entered.wait, LONGEST_SECONDS)
            ring.may_write.set()
