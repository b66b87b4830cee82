"""Running a check in a child process, so that neither a crash nor a hang in it is the doctor's."""

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence

import anyio

from .quoting import Quoting
from .report import Finding

COMMAND = (sys.executable, "-P", "-m", "rememberizer_mcp.server.doctor")
"""``-P``, because a file in the working directory may be called like a module."""
_STEP = "Install rememberizer-mcp again in an environment of its own, such as `uvx rememberizer-mcp` makes."


async def aside(
    name: str,
    *,
    environ: Mapping[str, str],
    quoting: Quoting,
    limit_seconds: float,
    command: Sequence[str] = COMMAND,
) -> list[Finding]:
    """The findings of one check, or one that says that it could not run.

    Args:
        name: The check.
        environ: What it sees.
        quoting: How the last words of a crash are shown.
        limit_seconds: After which it is ended.
        command: What runs checks.
    """
    try:
        with anyio.fail_after(limit_seconds):
            done = await anyio.run_process(
                [*command, name], env=environ, stdin=subprocess.DEVNULL, check=False, stderr=subprocess.PIPE
            )
        return [Finding.from_dict(each) for each in json.loads(done.stdout)]
    except TimeoutError:
        return [Finding.failure(name, f"The check did not end within {limit_seconds:g} s.", "Run it again.")]
    except OSError as error:
        return [Finding.failure(name, f"The check could not start: {error.strerror}.", _STEP)]
    except (ValueError, LookupError, TypeError):
        said = quoting.last_words(done.stderr) or f"it ended with code {done.returncode}"
        return [Finding.failure(name, f"The check could not run: {said}", _STEP)]
