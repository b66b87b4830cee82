"""Serving over stdio, and the end of it.

The SDK's thread that reads stdin can't be abandoned, and neither can a call that blocks a worker thread. So the end of
input and SIGTERM start a timer: whatever has not ended by then is ended with the process.
"""

import gc
import io
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable
from typing import Any, NoReturn

import anyio
from mcp.server.mcpserver import MCPServer

GRACE_SECONDS = 0.4
"""How long tidying up may take: memory is wiped, connections are closed, output is flushed."""

logger = logging.getLogger(__name__)


class Ending:
    """The end of the process; the first cause decides the exit code."""

    def __init__(self) -> None:
        self._code: int | None = None

    def begin(self, code: int = 0) -> None:
        """Allow ``GRACE_SECONDS`` more."""
        if self._code is None:
            self._code = code
            timer = threading.Timer(GRACE_SECONDS, self.finish)
            timer.daemon = True
            timer.start()

    def finish(self) -> NoReturn:
        """End the process now, whatever still runs in it."""
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
        task_status.started()
        async for number in signals:
            ending.begin(128 + number)
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
