"""``budget``: how long a call may ask Rememberizer, and what failed in it.

One scope sets the limit, and it is read where a request is made.

The scope is not one of anyio's, since such a scope would cancel whatever runs at its end: a sign-in whose tokens have
arrived, or the question to a person. This limit ends requests only, and each ends with ``UpstreamTimeout``. A scope of
anyio's around a request shortens the time further.

The limit is on anyio's clock, which never jumps. The injected wall clock (``now``) tells when tokens end, and nothing
else.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

import anyio

from ..errors import RememberizerError, UpstreamTimeout

USUAL_SECONDS = 20.0
"""Of what is asked outside a scope."""


@dataclass
class _Budget:
    seconds: float
    began_at: float = field(default_factory=anyio.current_time)
    failures: dict[object, RememberizerError] = field(default_factory=dict)


_current: ContextVar[_Budget | None] = ContextVar("the budget of this call", default=None)


@contextmanager
def budget(seconds: float) -> Iterator[None]:
    """Limit what is asked inside to so many seconds from now, whatever was left outside.

    Tasks that are started inside inherit the limit; one that outlives the call needs a scope of its own.

    >>> import anyio
    >>> async def ask() -> None:
    ...     with budget(0), requesting():
    ...         await anyio.sleep_forever()
    >>> anyio.run(ask)
    Traceback (most recent call last):
    rememberizer_mcp.server.errors.UpstreamTimeout: ...
    """
    token = _current.set(_Budget(seconds))
    try:
        yield
    finally:
        _current.reset(token)


def begin_anew() -> None:
    """Count the scope's time from now on: what went before, such as waiting for a person, was no asking."""
    if found := _current.get():
        found.began_at = anyio.current_time()


def extend_to(seconds: float) -> None:
    """Let the scope last so long from its begin, if it would be shorter: upstream is known to be slow at times."""
    if found := _current.get():
        found.seconds = max(found.seconds, seconds)


def failures() -> dict[object, RememberizerError]:
    """What failed within the scope and is not to be tried again there; empty outside a scope."""
    return _scope().failures


def is_over() -> bool:
    """Whether no time is left."""
    return anyio.current_time() >= _ends_at()


@contextmanager
def requesting() -> Iterator[None]:
    """Around a request, or waiting for somebody else's.

    Raises:
        UpstreamTimeout: The time was over.
    """
    with anyio.CancelScope(deadline=_ends_at()) as scope:
        yield
    if scope.cancelled_caught:
        raise UpstreamTimeout


def _ends_at() -> float:
    found = _scope()
    return found.began_at + found.seconds


def _scope() -> _Budget:
    return _current.get() or _Budget(USUAL_SECONDS)
