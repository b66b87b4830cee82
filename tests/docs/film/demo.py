"""The demo whose person is the photographer: ``python -m tests.docs.film.demo GATE``.

The demo goes on when a line is written to the gate, a named pipe.
"""

import sys
from pathlib import Path

from rememberizer_mcp.server.cli.demo import run


def person(_: str, __: str) -> None:
    """Wait until the photographer has signed in."""
    with Path(sys.argv[1]).open(encoding="utf-8") as gate:
        gate.readline()


sys.exit(run(person=person))
