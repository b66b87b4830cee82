"""Ending as by Ctrl-C when told to end, so that what was begun is ended or taken back first."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_NUMBERS = {getattr(signal, name, signal.SIGTERM) for name in ("SIGTERM", "SIGHUP")}
"""Windows has no SIGHUP."""


@contextmanager
def ending_as_interrupted() -> Iterator[None]:
    """Have SIGTERM and SIGHUP raise KeyboardInterrupt, each unless it is ignored or handled already.

    The first one does; from then on they are ignored, since they often come together and the second one would break off
    what the first one began.
    """
    ours = {number for number in _NUMBERS if signal.getsignal(number) is signal.SIG_DFL}

    def interrupt(*_: Any) -> None:
        for number in ours:
            signal.signal(number, signal.SIG_IGN)
        if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as in the background of a script
            raise KeyboardInterrupt
        signal.raise_signal(signal.SIGINT)

    for number in ours:
        signal.signal(number, interrupt)
    try:
        yield
    finally:
        for number in ours:
            signal.signal(number, signal.SIG_DFL)
