"""Serving over stdio, and the end of it.

The SDK's thread that reads stdin can't be abandoned, and neither can a call that blocks a worker thread. So the end of
input, SIGTERM and SIGINT start a timer: whatever has not ended by then is ended with the process.

What the SDK reads and writes meanwhile is in ``streams.py``.
"""

import gc
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
import anyio.lowlevel
from mcp.server.mcpserver import MCPServer

from ..logs.redaction import flush
from .front import Front
from .streams import Streams

GRACE_SECONDS = 0.4
"""How long tidying up may take: memory is wiped, connections are closed, output is flushed."""

logger = logging.getLogger(__name__)


class Ending:
    """The end of the process; the first cause decides the exit code."""

    def __init__(self) -> None:
        self._code: int | None = None
        self._begun: SimpleQueue[None] = SimpleQueue()  # its `put` is safe in a signal handler
        self._last = threading.Lock()
        self.flush_answers: Callable[[], object] = flush
        """Writes the answers that wait; until there can be any, it flushes the log once more."""
        threading.Thread(target=self._end_in_time, name="ending", daemon=True).start()

    def begin(self, code: int = 0) -> None:
        """Allow ``GRACE_SECONDS`` more."""
        self._code = code if self._code is None else self._code
        self._begun.put(None)

    def at_failed_write(self, error: OSError) -> None:
        """End the process when nothing can be written to stdout: nobody is left to be answered."""
        if self._code is None:
            logger.error("the server ends, for its answers can't be written: %s", error.strerror)
            self.begin(1)

    def finish(self) -> NoReturn:
        """Write the lines that wait, then end the process, whatever still runs in it."""
        flush()
        self.flush_answers()
        self._exit()

    def at_signal(self, number: int, _: FrameType | None) -> None:
        """Handle a signal, also while the event loop is blocked."""
        self.begin(128 + number)

    def _end_in_time(self) -> None:
        self._begun.get()
        time.sleep(GRACE_SECONDS)
        self._exit()

    def _exit(self) -> NoReturn:
        """End the process, in one thread only: two at the same time can crash, for example while a trace is saved."""
        self._last.acquire()
        os._exit(self._code or 0)


def serve(server: MCPServer[Any], *, front: Front | None = None) -> NoReturn:
    """Serve over this process's stdin and stdout until the input ends or a signal comes, and end the process."""
    ending = Ending()
    if front:
        front.ending.acquire()
    gc.freeze()
    gc.enable()
    try:
        streams = Streams(front, at_end=ending.begin, at_failure=ending.at_failed_write)
        ending.flush_answers = streams.answers.flush
        anyio.run(_serve, server, streams, ending)
    except Exception:
        logger.exception("the server stopped")
        ending.begin(1)
    ending.finish()


async def _serve(server: MCPServer[Any], streams: Streams, ending: Ending) -> None:
    async with anyio.create_task_group() as tasks:
        if sys.platform != "win32":  # pragma: no branch -- Windows ends a process without a signal to receive
            await tasks.start(_end_at_signal, ending, tasks.cancel_scope)
        with streams.lent():
            tasks.start_soon(_run, server, tasks.cancel_scope)
            await anyio.lowlevel.checkpoint()  # the SDK takes the streams in its first step


async def _run(server: MCPServer[Any], scope: anyio.CancelScope) -> None:
    await server.run_stdio_async()
    scope.cancel()


async def _end_at_signal(ending: Ending, scope: anyio.CancelScope, *, task_status: anyio.abc.TaskStatus[None]) -> None:
    with anyio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as signals:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, ending.at_signal)  # in place of asyncio's, which does nothing: its loop is told apart
        task_status.started()
        async for _ in signals:
            scope.cancel()
