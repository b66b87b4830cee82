"""Serving over stdio, and the end of it.

The SDK's thread that reads stdin can't be abandoned, and neither can a call that blocks a worker thread. So the end of
input, SIGTERM and SIGINT start a timer: whatever has not ended by then is ended with the process.
"""

import gc
import io
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from queue import SimpleQueue
from types import FrameType
from typing import Any, NoReturn

import anyio
from mcp.server.mcpserver import MCPServer

from .logs import flush

GRACE_SECONDS = 0.4
"""How long tidying up may take: memory is wiped, connections are closed, output is flushed."""

logger = logging.getLogger(__name__)


class Ending:
    """The end of the process; the first cause decides the exit code."""

    def __init__(self) -> None:
        self._code: int | None = None
        self._begun: SimpleQueue[None] = SimpleQueue()  # its `put` is safe in a signal handler
        self._last = threading.Lock()
        threading.Thread(target=self._end_in_time, name="ending", daemon=True).start()

    def begin(self, code: int = 0) -> None:
        """Allow ``GRACE_SECONDS`` more."""
        if self._code is None:
            self._code = code
            self._begun.put(None)

    def finish(self) -> NoReturn:
        """End the process as soon as the log is written, whatever still runs in it."""
        flush()
        self._exit()

    def at_signal(self, number: int, _: FrameType | None) -> None:
        """What a signal does also while the event loop is blocked."""
        self.begin(128 + number)

    def _end_in_time(self) -> None:
        self._begun.get()
        time.sleep(GRACE_SECONDS)
        self._exit()

    def _exit(self) -> NoReturn:
        """End the process, once: what two threads would do at the same time there (such as save a trace) can crash."""
        self._last.acquire()
        os._exit(self._code or 0)


class _WatchedStdin(io.RawIOBase):
    """Standard input that says when it ends."""

    def __init__(self, descriptor: int, *, at_end: Callable[[], None]) -> None:
        super().__init__()
        self._descriptor = descriptor
        self._at_end = at_end

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = os.read(self._descriptor, len(buffer))
        if not data:
            self._at_end()
        buffer[: len(data)] = data
        return len(data)


def serve(server: MCPServer[Any]) -> NoReturn:
    """Serve over this process's stdin and stdout until the input ends or a signal comes, and end the process."""
    ending = Ending()
    _watch_stdin(at_end=ending.begin)
    gc.freeze()
    gc.enable()
    try:
        anyio.run(_serve, server, ending)
    except Exception:
        logger.exception("the server stopped")
        ending.begin(1)
    ending.finish()


async def _serve(server: MCPServer[Any], ending: Ending) -> None:
    async with anyio.create_task_group() as tasks:
        if sys.platform != "win32":  # pragma: no branch -- Windows ends a process without a signal to receive
            await tasks.start(_end_at_signal, ending, tasks.cancel_scope)
        await server.run_stdio_async()
        tasks.cancel_scope.cancel()


async def _end_at_signal(ending: Ending, scope: anyio.CancelScope, *, task_status: anyio.abc.TaskStatus[None]) -> None:
    with anyio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as signals:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, ending.at_signal)  # in place of asyncio's, which does nothing: its loop is told apart
        task_status.started()
        async for _ in signals:
            scope.cancel()


def _watch_stdin(*, at_end: Callable[[], None]) -> None:
    """Read stdin from a private descriptor, so that no child process can, and notice its end.

    The SDK serves a ``sys.stdin`` that is not descriptor 0 as it is.
    """
    private = os.dup(0)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    sys.stdin = io.TextIOWrapper(io.BufferedReader(_WatchedStdin(private, at_end=at_end)), encoding="utf-8")
