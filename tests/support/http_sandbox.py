"""``rememberizer-mcp sandbox`` as a real process, with the accounts that a test begins with."""

import os
import re
import select
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rememberizer_mcp.server.sandbox.mailbox import fetch_outbox

from tests.support.process import LONGEST_SECONDS, Process, clean_environment, running


@contextmanager
def http_sandbox(runtime: Path, *options: str) -> Iterator[str]:
    """Serve one with its runtime files in that folder; gives the base URL of its API."""
    environment = clean_environment() | {"XDG_RUNTIME_DIR": str(runtime), "PYTHONUNBUFFERED": "1"}
    with running("sandbox", "--port", "0", *options, environment=environment) as process:
        found = re.search(r"http://\S+/api/v1/", _announcement(process))
        assert found
        yield found[0]
        process.popen.terminate()
        assert process.popen.wait(LONGEST_SECONDS) == 0


def newest_code(runtime: Path) -> str:
    """The code of the letter that a sandbox mailed last."""
    return fetch_outbox(runtime)[0][-1].code


def shown_key(runtime: Path, opens: str, id: str) -> str:  # noqa: A002 - the member's name
    """The API key of this account, memento or vector store, from the outbox page."""
    (key,) = [shown.key for shown in fetch_outbox(runtime)[1] if (shown.opens, shown.id) == (opens, id)]
    return key


def _announcement(process: Process) -> str:
    assert process.popen.stdout is not None
    text = b""
    while b"Press Ctrl-C" not in text:
        ready, _, _ = select.select([process.popen.stdout], [], [], LONGEST_SECONDS)
        assert ready, "the sandbox did not start"
        piece = os.read(process.popen.stdout.fileno(), 10_000)
        assert piece, "the sandbox ended"
        text += piece
    return text.decode()
