"""The page for those who write an agent: its snippets run, and its versions are those that were tried."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.page import blocks
from tests.docs.regions import ROOT
from tests.support.process import clean_environment

PAGE = (ROOT / "docs" / "frameworks.md").read_text(encoding="utf-8")
ENVIRONMENTS = ROOT / "tests" / "interop" / "environments"
ROWS = {
    "langchain-mcp-adapters": "langchain-mcp-adapters",
    "pydantic-ai": "pydantic-ai-slim",
    "openai-agents": "openai-agents",
    "TypeScript SDK": "@modelcontextprotocol/sdk",
    "TypeScript client": "@modelcontextprotocol/client",
    "MCP Inspector": "@modelcontextprotocol/inspector",
}
"""The packages of the clients in the table."""


@pytest.mark.promise("repository:pages:readme-runs", "repository:pages:links")
def test_the_python_snippet_runs_and_prints_what_it_says(tmp_path: Path) -> None:
    (snippet,) = blocks(PAGE, "python")
    environment = clean_environment() | {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "XDG_RUNTIME_DIR": str(tmp_path),
    }
    done = subprocess.run(
        [sys.executable, "-c", snippet], env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "Grocery list for the cabin\n", "")
    assert f"prints `{done.stdout.strip()}`" in PAGE


@pytest.mark.promise("repository:pages:links")
def test_the_table_of_clients_has_the_versions_that_the_tests_run() -> None:
    pins = {
        name: version
        for file in ENVIRONMENTS.glob("*.txt")
        for name, version in re.findall(r"^([\w-]+)==(\S+)", file.read_text(encoding="utf-8"), re.MULTILINE)
    }
    pins |= json.loads((ENVIRONMENTS / "package.json").read_text(encoding="utf-8"))["dependencies"]
    shown = dict(re.findall(r"^\| ([A-Za-z][\w -]*?) (\d+\.\d+\.\d+)[ ,]", PAGE, re.MULTILINE))
    assert shown == {row: pins[package] for row, package in ROWS.items()}
