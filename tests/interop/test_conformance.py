"""The protocol's official conformance suite: what each revision requires, and not one failure is expected."""

import json
import re
import subprocess
import sys
from collections.abc import Collection, Iterator
from pathlib import Path

import pytest
from anyio import to_thread

from tests.interop.client import LEGACY, MODERN, PREPARED
from tests.interop.run import LONGEST_SECONDS
from tests.support.http_server import http_server

FOLDER = PREPARED / "conformance"
NODE = FOLDER / "node"
SUITE = FOLDER / "node_modules" / "@modelcontextprotocol" / "conformance" / "dist" / "index.js"
FIXTURES = (sys.executable, "-m", "tests.interop.conformance")
GOOD = {"SUCCESS", "INFO", "SKIPPED"}
"""Skipped is what is said only of servers with subscriptions. A failure breaks a MUST, a warning a SHOULD."""

COMMANDS = [str(NODE)]
pytestmark = pytest.mark.needs(*COMMANDS)


def run_suite(url: str, revision: str, results: Path) -> "subprocess.CompletedProcess[str]":
    """Run all scenarios that a revision names."""
    return subprocess.run(
        [NODE, SUITE, "server", "--url", url, "--requirements", revision, "--output-dir", results],
        capture_output=True,
        text=True,
        check=False,
        timeout=LONGEST_SECONDS,
    )


def faults(results: Path) -> Iterator[tuple[str, list[str]]]:
    """Each scenario that was run, and the checks that it found at fault."""
    for found in sorted(results.glob("server-*/checks.json")):
        scenario = re.sub(r"^server-|-\d{4}-\d\d-\d\dT.*", "", found.parent.name)
        checks = json.loads(found.read_text(encoding="utf-8"))
        yield scenario, [f"{each['id']}: {each.get('errorMessage')}" for each in checks if each["status"] not in GOOD]


@pytest.mark.traced
@pytest.mark.promise("hosting:http:conformance")
@pytest.mark.parametrize(
    ("revision", "scored", "beside"),
    [
        (LEGACY, 30, {"server-session-lifecycle"}),
        (MODERN, 37, {"http-header-validation", "http-custom-header-server-validation"}),
    ],
)
async def test_the_suite_finds_no_fault_in_what_a_revision_requires(
    revision: str, scored: int, beside: Collection[str], tmp_path: Path
) -> None:
    """``beside`` are scenarios that don't count for the revision, but are true of our server."""
    async with http_server(command=FIXTURES, TOOLSETS="all", OPEN_BROWSER="never") as server:
        done = await to_thread.run_sync(run_suite, server.url, revision, tmp_path)
    found = dict(faults(tmp_path))
    uncounted = set(re.findall(r"^  [✓✗] (\S+) \(", done.stdout, re.MULTILINE))
    assert len(found.keys() - uncounted) == scored
    assert {name: each for name, each in found.items() if each and name not in uncounted - set(beside)} == {}
    assert found.keys() >= set(beside)
    assert done.returncode == 0
