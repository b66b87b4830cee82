"""``examine``: checks with one set of variables, in one child process: neither a crash nor a hang there is ours."""

import json
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress

import anyio

from .exchange import running
from .report import INSTALL_AGAIN, Finding

CHECKS = ("settings", "network", "keyring", "browser")
COMMAND = (sys.executable, "-P", "-m", "rememberizer_mcp.server.doctor")
"""``-P``, because a file in the working directory may be called like a module."""
_VARIABLES = "Correct their names and values: a name has no `=` in it, and neither has a NUL character."


async def examine(
    checks: Sequence[str], *, environ: Mapping[str, str], limit_seconds: float, command: Sequence[str] = COMMAND
) -> dict[str, list[Finding]]:
    """What each of these checks found, by name; all run at the same time, behind the command.

    A check that crashed, or did not end within the limit, found that failure. A crash takes along the checks that had
    not ended, so each of these runs again alone.
    """
    printed, until = bytearray(), anyio.current_time() + limit_seconds
    try:
        with anyio.fail_after(limit_seconds):
            async with running([*command, *checks], environ=environ) as process:
                assert process.stdout  # noqa: S101 -- for the type checker
                async for chunk in process.stdout:
                    printed += chunk
                code = await process.wait()
        found = _read(bytes(printed))
        if len(checks) > 1:
            return found | await _alone([name for name in checks if name not in found], environ, until, command)
        text, step = f"The check could not run: it ended with code {code}.", INSTALL_AGAIN
    except TimeoutError:
        text, step = f"The check did not end within {limit_seconds:.0f} s.", "Run it again."
    except OSError as error:
        text, step = f"The check could not start: {error.strerror}.", INSTALL_AGAIN
    except ValueError:
        text, step = "No program can be started with these variables.", _VARIABLES
    return {name: [Finding.failure(name, text, step)] for name in checks} | _read(bytes(printed))


async def _alone(
    checks: Sequence[str], environ: Mapping[str, str], until: float, command: Sequence[str]
) -> dict[str, list[Finding]]:
    """What these checks found, each in a process of its own."""
    found: dict[str, list[Finding]] = {}

    async def run(name: str) -> None:
        seconds = until - anyio.current_time()
        found.update(await examine([name], environ=environ, limit_seconds=seconds, command=command))

    async with anyio.create_task_group() as tasks:
        for name in checks:
            tasks.start_soon(run, name)
    return found


def _read(printed: bytes) -> dict[str, list[Finding]]:
    """What ``__main__`` printed: a line for each check that has ended."""
    found: dict[str, list[Finding]] = {}
    for line in printed.splitlines():
        with suppress(ValueError, TypeError, KeyError):
            name, findings = json.loads(line)
            found[name] = [Finding(**each) for each in findings]
    return found
