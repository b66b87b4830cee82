"""The README tells the truth: its snippets run."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from rememberizer_mcp.server import __version__

from tests.support.process import clean_environment

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def snippets(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


@pytest.mark.promise("D38")
def test_the_host_block_is_the_shipped_file() -> None:
    (block,) = snippets("json")
    assert json.loads(block) == json.loads((ROOT / "mcp.json").read_text(encoding="utf-8"))


@pytest.mark.promise("D38")
def test_the_python_snippet_runs_and_prints_what_it_says(tmp_path: Path) -> None:
    (snippet,) = snippets("python")
    environment = clean_environment() | {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "XDG_RUNTIME_DIR": str(tmp_path),
    }
    done = subprocess.run(
        [sys.executable, "-c", snippet], env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "unverified\n", "")
    assert f"prints `{done.stdout.strip()}`" in README


@pytest.mark.promise("D38")
def test_the_two_commands_are_targets_of_the_makefile() -> None:
    commands = [line for snippet in snippets("sh") for line in snippet.splitlines()]
    assert commands == ["make demo", "make test"]
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for command in [
        *commands,
        *(f"make {name}" for name in ["lint", "types", "coverage", "bench", "snapshots", "pictures", "dist", "lock"]),
    ]:
        assert re.search(rf"^{command.removeprefix('make ')}:", makefile, re.MULTILINE)


def test_the_changelog_has_this_version() -> None:
    assert f"## [{__version__}]" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
