"""Running a check in a child process, so that neither a crash nor a hang in it is the doctor's."""

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import anyio

from .quoting import Quoting
from .report import Finding

COMMAND = (sys.executable, "-P", "-m", "rememberizer_mcp.server.doctor")
"""``-P``, because a file in the working directory may be called like a module."""
_STEP = "Install rememberizer-mcp again in an environment of its own, such as `uvx rememberizer-mcp` makes."


class CouldNotRun(Exception):
    """The check gave nothing; ``finding`` says why."""

    def __init__(self, name: str, text: str, next_step: str) -> None:
        super().__init__(text)
        self.finding = Finding.failure(name, text, next_step)


async def aside(
    name: str,
    *,
    environ: Mapping[str, str],
    quoting: Quoting,
    limit_seconds: float,
    command: Sequence[str] = COMMAND,
) -> list[dict[str, Any]]:
    """What one check printed.

    Args:
        name: The check.
        environ: What it sees.
        quoting: How the last words of a crash are shown.
        limit_seconds: After which it is ended.
        command: What runs checks.

    Raises:
        CouldNotRun: It crashed, did not end in time, or did not start.
    """
    try:
        with anyio.fail_after(limit_seconds):
            done = await anyio.run_process(
                [*command, name], env=environ, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False
            )
    except TimeoutError:
        raise CouldNotRun(name, f"The check did not end within {limit_seconds:.0f} s.", "Run it again.") from None
    except OSError as error:
        raise CouldNotRun(name, f"The check could not start: {error.strerror}.", _STEP) from None
    try:
        found: Any = json.loads(done.stdout)
    except ValueError:
        found = None
    if not isinstance(found, list):
        said = quoting.last_words(done.stderr) or f"it ended with code {done.returncode}."
        raise CouldNotRun(name, f"The check could not run: {said}", _STEP)
    return found
