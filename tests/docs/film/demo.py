"""The demo whose person waits for the photographer: ``python -m tests.docs.film.demo GATE``.

The person goes on when a line is written to the gate, a named pipe.
"""

import sys
from collections.abc import Mapping
from pathlib import Path

from rememberizer_mcp.server.cli.demo import run, sign_in_at


def person(url: str, confirm_code: str, account: Mapping[str, str]) -> None:
    """Sign in once the gate is open."""
    with Path(sys.argv[1]).open(encoding="utf-8") as gate:
        gate.readline()
    sign_in_at(url, confirm_code, account)


sys.exit(run(person=person))
