"""What make says to a newcomer whose Python can't be used."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.bundle.host import ROOT

PYTHON = """\
#!/bin/sh
case $2 in
  *python_version*) echo {version} ;;
  *{refuses}*) exit 1 ;;
esac
"""
TOO_OLD = "This needs Python 3.11 or newer, and {} is {}. Name another one: make {} PYTHON=python3.13\n"


def make(*arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run it as from a shell: not as a part of the make that started the tests."""
    kept = {name: value for name, value in os.environ.items() if "MAKE" not in name}
    return subprocess.run(["make", *arguments], cwd=ROOT, env=kept, capture_output=True, text=True, check=False)


@pytest.fixture
def python(tmp_path: Path, version: str, refuses: str) -> Path:
    """What looks like a Python of this version, one of whose checks fails."""
    path = tmp_path / "python"
    path.write_text(PYTHON.format(version=version, refuses=refuses), encoding="utf-8")
    path.chmod(0o700)
    return path


@pytest.mark.promise("repository:make:python-named")
@pytest.mark.parametrize("target", ["demo", "test"])
@pytest.mark.parametrize(("version", "refuses"), [("3.10.13", "version_info"), ("2.7.18", "version_info")])
def test_a_python_that_is_too_old_is_told_in_one_sentence(python: Path, version: str, target: str) -> None:
    done = make(target, f"PYTHON={python}")
    assert done.stdout == TOO_OLD.format(python, version, target)
    assert done.returncode != 0


@pytest.mark.promise("repository:make:python-named")
def test_so_is_one_that_is_not_there(tmp_path: Path) -> None:
    missing = tmp_path / "python3"
    assert make(f"PYTHON={missing}").stdout == TOO_OLD.format(missing, "not there", "demo")


@pytest.mark.promise("repository:make:python-named")
@pytest.mark.parametrize(("version", "refuses"), [("3.11.2", "ensurepip")])
def test_so_is_one_without_venv_with_the_package_that_brings_it(python: Path) -> None:
    done = make("demo", f"PYTHON={python}")
    assert done.stdout.startswith(f"{python} lacks the modules venv and ensurepip.")
    assert done.stdout.count("\n") == 1
    assert "apt-get install python3-venv" in done.stdout
