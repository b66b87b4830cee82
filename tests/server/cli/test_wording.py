"""Who came by a runner is told to use it again: `rememberizer-mcp` is on no PATH then."""

import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest


@pytest.fixture
def runners_python(tmp_path: Path) -> str:
    """The interpreter of an environment in uv's cache, which has all that ours has."""
    environment = tmp_path / "cache" / "archive-v0" / "abc"
    packages = Path(sysconfig.get_path("purelib"))
    there = environment / packages.relative_to(sys.prefix)
    there.parent.mkdir(parents=True)
    there.symlink_to(packages)
    (environment / "bin").mkdir()
    (environment / "bin" / "python").symlink_to(Path(sys.executable).resolve())
    (environment / "pyvenv.cfg").write_bytes((Path(sys.prefix) / "pyvenv.cfg").read_bytes())
    return str(environment / "bin" / "python")


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--help"], 'uvx --from "rememberizer-mcp[keyring]" rememberizer-mcp install claude-desktop\n'),
        (["doctor", "--sandbox"], 'uvx --from "rememberizer-mcp[keyring]" rememberizer-mcp install HOST` writes one'),
    ],
)
def test_examples_and_next_steps_name_the_runner(
    arguments: list[str], expected: str, runners_python: str, tmp_path: Path
) -> None:
    environ = os.environ | {"HOME": str(tmp_path), "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring"}
    environ.pop("XDG_CONFIG_HOME", None)
    command = [runners_python, "-m", "rememberizer_mcp.server", *arguments]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=100, check=False)
    assert expected in done.stdout.replace("\n                      ", " ")


def test_examples_name_the_command_where_it_lasts() -> None:
    command = [sys.executable, "-m", "rememberizer_mcp.server", "--help"]
    said = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout
    assert "\n    rememberizer-mcp install claude-desktop\n" in said
