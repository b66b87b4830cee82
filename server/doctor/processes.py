"""Ending a process with what it started in its own group."""

import os
import signal
from contextlib import suppress

from anyio.abc import Process

HAS_GROUPS = os.name == "posix"
"""Windows knows none."""


def kill_group(process: Process) -> None:
    """End it and what it started; a child that begins a session of its own (``setsid``) survives.

    Args:
        process: Was started with ``start_new_session=HAS_GROUPS``.
    """
    kill = getattr(os, "killpg", None)
    with suppress(ProcessLookupError, PermissionError):
        kill(process.pid, signal.SIGKILL) if kill else process.kill()
