"""Running a check in a child process, so that neither a crash nor a hang in it is the doctor's."""

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import anyio

from .processes import HAS_GROUPS, kill_group
from .report import Finding

COMMAND = (sys.executable, "-P", "-m", "rememberizer_mcp.server.doctor")
"""``-P``, because a file in the working directory may be called like a module."""
_STEP = "Install rememberizer-mcp again in an environment of its own, such as `uvx rememberizer-mcp` makes."

_VARIABLES = "Correct their names and values: a name has no `=` in it, and neither has a NUL character."

BROKE_OFF = "broke off"
"""With this a check that crashed prints where, instead of a list. What it wrote to stderr is shown to nobody."""


class CouldNotRun(Exception):
    """The check gave nothing; ``finding`` says why."""

    def __init__(self, name: str, text: str, next_step: str) -> None:
        super().__init__(text)
        self.finding = Finding.failure(name, text, next_step)


async def aside(
    name: str,
    *,
    environ: Mapping[str, str],
    limit_seconds: float,
    command: Sequence[str] = COMMAND,
) -> list[dict[str, Any]]:
    """What one check printed.

    Args:
        name: The check.
        environ: What it sees.
        limit_seconds: After which it is ended.
        command: What runs checks.

    Raises:
        CouldNotRun: It crashed, did not end in time, or did not start.
    """
    try:
        with anyio.fail_after(limit_seconds):
            code, printed = await _run([*command, name], environ)
    except TimeoutError:
        raise CouldNotRun(name, f"The check did not end within {limit_seconds:.0f} s.", "Run it again.") from None
    except OSError as error:
        raise CouldNotRun(name, f"The check could not start: {error.strerror}.", _STEP) from None
    except ValueError:
        raise CouldNotRun(name, "No program can be started with these variables.", _VARIABLES) from None
    try:
        found: Any = json.loads(printed)
    except ValueError:
        found = None
    if isinstance(found, dict) and BROKE_OFF in found:
        raise CouldNotRun(
            name, f"The check broke off: {found[BROKE_OFF]}.", f"{_STEP} If that does not help, report this."
        )
    if not isinstance(found, list):
        raise CouldNotRun(name, f"The check could not run: it ended with code {code}.", _STEP)
    return found


async def _run(command: Sequence[str], environ: Mapping[str, str]) -> tuple[int, bytes]:
    """Its exit code and what it printed; what it has started is ended, however it ends itself."""
    process = await anyio.open_process(
        command, env=environ, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=HAS_GROUPS
    )
    try:
        assert process.stdout  # noqa: S101 -- for the type checker
        printed = b"".join([chunk async for chunk in process.stdout])
        return await process.wait(), printed
    finally:
        with anyio.CancelScope(shield=True):
            kill_group(process)
            await process.aclose()
