"""The snippets of docs/frameworks.md, each in the environment of its client."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.page import blocks
from tests.docs.regions import ROOT
from tests.interop.client import CLIENTS, COMMANDS, NODE, PACKAGES, Client
from tests.interop.run import LONGEST_SECONDS, environment

pytestmark = pytest.mark.needs(*COMMANDS)

PAGE = (ROOT / "docs" / "frameworks.md").read_text(encoding="utf-8")
BIN = Path(sys.executable).parent
SHOWN = [client for client in CLIENTS if client.name != "typescript"]
"""Of the two TypeScript packages the page shows the newer."""


def command_and_snippet(client: Client) -> tuple[list[str], str]:
    """How its snippet is run, as a script on stdin."""
    if client.command[0] == str(NODE):
        (snippet,) = blocks(PAGE, "js typescript")
        return [str(NODE), "--input-type=module", "-"], snippet
    (snippet,) = blocks(PAGE, f"python {client.name}")
    return [client.command[0], "-"], snippet


@pytest.mark.promise("repository:pages:links")
@pytest.mark.parametrize("client", SHOWN, ids=lambda client: client.name)
def test_the_snippet_of_a_framework_runs_and_prints_what_the_page_says(client: Client, tmp_path: Path) -> None:
    command, snippet = command_and_snippet(client)
    known = environment(tmp_path)
    done = subprocess.run(
        command,
        input=snippet,
        env=known | {"PATH": f"{BIN}{os.pathsep}{known['PATH']}"},
        cwd=PACKAGES,
        capture_output=True,
        text=True,
        timeout=LONGEST_SECONDS,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "signed_out\n"), done.stderr
