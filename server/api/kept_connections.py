"""Kept connections that are dead: after the machine slept, or a router forgot one, no answer comes back on it.

That can't be seen before the call is sent, and silence may as well mean that Rememberizer is slow. So where a kept
connection stays silent, a call that may be repeated goes out a second time, on a new one; the first answer counts.
"""

from collections.abc import Awaitable, Callable
from functools import partial
from math import inf
from typing import Any, TypeVar

import anyio
import httpx

from ..errors import RememberizerError
from .proxies import UnusableProxy

KEPT_SECONDS = 5.0
"""How long a connection is kept without use."""
MOST_SILENT_SECONDS = 5.0
FAILURES = (httpx.HTTPError, httpx.InvalidURL, UnicodeError, UnusableProxy)
"""How sending a request can end without an answer, beside our own errors."""

Trace = Callable[[str, dict[str, Any]], Awaitable[None]]
"""Takes httpcore's events of one request."""
T = TypeVar("T")


async def first_answer(send: Callable[[Trace], Awaitable[T]], again: Callable[[], Awaitable[T]]) -> T:
    """The answer to a call that may be sent twice.

    Args:
        send: Sends the call. If it goes out on a kept connection, its answer should begin within a quarter of the time
            that is left, or within 5 s; then ``again`` is called too, and neither ends before one has the answer.
        again: Sends the call on a new connection.

    Raises:
        RememberizerError, or one of FAILURES: As the last one that failed, if both did.
    """
    answers: list[T] = []
    failures: list[Exception] = []
    ended, patience = anyio.Event(), anyio.CancelScope()

    async def run(sent: Callable[[], Awaitable[T]]) -> None:
        try:
            answers.append(await sent())
        except (*FAILURES, RememberizerError) as error:
            failures.append(error)
        ended.set()
        if answers and patience.cancelled_caught:
            tasks.cancel_scope.cancel()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(run, partial(send, Watch(patience)))
        with patience:
            await ended.wait()
        if not ended.is_set():
            tasks.start_soon(run, again)
    if patience.cancelled_caught:
        await anyio.lowlevel.checkpoint()  # after a cancellation CPython 3.11 loses trace events until the next one
    if not answers:
        raise failures[-1]
    return answers[0]


class Watch:
    """Limits the patience with a connection that was not opened for this request, until its answer begins."""

    def __init__(self, patience: anyio.CancelScope) -> None:
        self._patience = patience
        self._is_kept = True

    async def __call__(self, event: str, _: dict[str, Any]) -> None:
        what = event.partition(".")[2]
        if what == "connect_tcp.started":
            self._is_kept = False
        elif what == "receive_response_headers.started" and self._is_kept:
            now = anyio.current_time()
            self._patience.deadline = now + min((anyio.current_effective_deadline() - now) / 4, MOST_SILENT_SECONDS)
        elif what == "receive_response_headers.complete":
            self._patience.deadline = inf
