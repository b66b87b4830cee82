"""When a call is sent again, and after how long.

Only calls that are safe to repeat are (every GET, and logout): after a connection that failed before a byte was sent,
after 429 and after 502, 503 or 504. The waits have jitter, follow ``Retry-After``, and none is begun that would last
longer than the time that the call has left.
"""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import anyio
import httpx
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception
from tenacity.wait import wait_random_exponential

from ..errors import RateLimited, RememberizerError, Repair, UpstreamError, UpstreamUnavailable
from .blocked import UpstreamBlocked
from .dates import unix_time
from .proxies import UnusableProxy

MOST_ATTEMPTS = 4
LONGEST_RETRY_AFTER_SECONDS = 86_400.0
_PASSING = frozenset({502, 503, 504})
NOTHING_WAS_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
T = TypeVar("T")
_backoff = wait_random_exponential(multiplier=0.3, max=5)


async def repeated(attempt: Callable[[], Awaitable[T]], *, sleep: Callable[[float], Awaitable[None]]) -> T:
    """What an attempt gives, made again after failures that pass; ``sleep`` waits between attempts.

    The library is asked only after a failure, since it takes some 60 µs each time.

    Raises:
        RememberizerError: The last failure itself.
    """
    try:
        return await attempt()
    except RememberizerError as error:
        failed = [error]

    async def again() -> T:
        if failed:
            raise failed.pop()
        return await attempt()

    return await _retrying(sleep)(again)


def _retrying(sleep: Callable[[float], Awaitable[None]]) -> AsyncRetrying:
    def no_more(state: RetryCallState) -> bool:
        would_be_late = anyio.current_time() + state.upcoming_sleep >= anyio.current_effective_deadline()
        return would_be_late or state.attempt_number >= MOST_ATTEMPTS

    return AsyncRetrying(sleep=sleep, stop=no_more, wait=_wait, retry=retry_if_exception(_is_passing), reraise=True)


@contextmanager
def explained(if_lost: Repair | None) -> Iterator[None]:
    """Around a call: an error after which it may be done all the same gets this repair, if there is one."""
    try:
        yield
    except UpstreamError as error:
        if if_lost and may_be_done(error):
            error.repair = if_lost
        raise


def may_be_done(error: UpstreamError) -> bool:
    """Whether what was asked for may have been done all the same."""
    got_there = not isinstance(error.__cause__, (*NOTHING_WAS_SENT, UnusableProxy))
    return got_there and not isinstance(error, UpstreamBlocked)


def retry_after_seconds(value: str | None, *, now: float) -> float | None:
    """The wait that a ``Retry-After`` header asks for: seconds or an HTTP date; 0 to a day."""
    text = (value or "").strip()
    if text.isascii() and text.isdigit():
        seconds = float(text.lstrip("0")[:9] or 0)
    elif (moment := unix_time(text)) is not None:
        seconds = moment - now
    else:
        return None
    return min(max(seconds, 0.0), LONGEST_RETRY_AFTER_SECONDS)


def _is_passing(error: BaseException) -> bool:
    if isinstance(error, UpstreamUnavailable):
        return error.status in _PASSING
    return isinstance(error, RateLimited) or isinstance(error.__cause__, NOTHING_WAS_SENT)


def _wait(state: RetryCallState) -> float:
    error = state.outcome and state.outcome.exception()
    if isinstance(error, RememberizerError) and error.retry_after_seconds is not None:
        return error.retry_after_seconds
    return _backoff(state)
