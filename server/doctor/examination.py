"""The command ``rememberizer-mcp doctor``: one run, printed."""

import os
from functools import partial

import anyio
import click

from ..hosts.interruption import ending_as_interrupted
from .lines import as_json as to_json
from .lines import as_text
from .report import failed
from .run import Machine, diagnose


def examine(*, sandbox: bool, as_json: bool) -> int:
    """Check this machine and print what was found.

    Returns:
        The exit code: 1 if something failed.
    """
    with ending_as_interrupted():
        findings = anyio.run(partial(diagnose, Machine(), sandbox=sandbox))
    click.echo(to_json(findings) if as_json else as_text(findings), color=False if os.environ.get("NO_COLOR") else None)
    return int(failed(findings))
