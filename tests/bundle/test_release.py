"""``make release-check``: what it says of a checkout that is ready, and of each that is not."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from rememberizer_mcp.server import __version__

from bundle.registry import SERVER_NAME
from bundle.release import problems
from tests.bundle.host import ROOT

SERVER = {"version": "1.2.0"}
CHANGES = (
    "# Changelog\n\n## [Unreleased]\n\n## [1.2.0] - 2026-11-02\n\n### Added\n\n- Something.\n\n## [1.1.0]\n\n- Old.\n"
)


def git(folder: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=test", "-c", "user.email=test@example.org", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True, timeout=20)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A repository of which version 1.2.0 can be released."""
    write(tmp_path, "CHANGELOG.md", CHANGES)
    write(tmp_path, "server.json", json.dumps(SERVER))
    write(tmp_path, "README.md", f"# It\n<!-- mcp-name: {SERVER_NAME} -->\n")
    git(tmp_path, "init", "-q")
    commit(tmp_path)
    return tmp_path


def write(folder: Path, name: str, text: str) -> None:
    (folder / name).write_text(text, encoding="utf-8")


def commit(folder: Path) -> None:
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "--allow-empty", "-m", "x")


def found(checkout: Path) -> list[str]:
    return list(problems(checkout, version="1.2.0", server_json=SERVER))


@pytest.mark.promise("repository:contributing:steps")
def test_a_checkout_that_is_ready_has_no_problem(checkout: Path) -> None:
    assert found(checkout) == []


@pytest.mark.promise("repository:contributing:steps")
def test_the_tag_of_this_very_commit_is_no_problem(checkout: Path) -> None:
    git(checkout, "tag", "v1.2.0")
    assert found(checkout) == []


@pytest.mark.promise("repository:contributing:steps")
def test_a_tag_on_another_commit_is_one(checkout: Path) -> None:
    git(checkout, "tag", "-a", "v1.2.0", "-m", "1.2.0")
    commit(checkout)
    assert found(checkout) == ["The tag v1.2.0 stands on another commit: raise `__version__` in server/__init__.py."]


@pytest.mark.promise("repository:contributing:steps")
@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("## [1.2.0] - 2026-11-02", "## [1.2.0]", "CHANGELOG.md's section [1.2.0] has no date."),
        ("## [1.2.0] - 2026-11-02", "## [1.3.0]", "CHANGELOG.md has no section `## [1.2.0] - YYYY-MM-DD`."),
        ("### Added\n\n- Something.\n", "", "CHANGELOG.md's section [1.2.0] is empty."),
        (
            "## [Unreleased]\n",
            "## [Unreleased]\n\n- Left over.\n",
            "CHANGELOG.md still has something under [Unreleased]: move it to [1.2.0].",
        ),
    ],
)
def test_a_changelog_that_is_not_ready_is_one(old: str, new: str, sentence: str, checkout: Path) -> None:
    write(checkout, "CHANGELOG.md", CHANGES.replace(old, new))
    commit(checkout)
    assert found(checkout) == [sentence]


@pytest.mark.promise("repository:contributing:steps")
def test_a_changelog_needs_no_section_for_what_is_not_released(checkout: Path) -> None:
    write(checkout, "CHANGELOG.md", CHANGES.replace("## [Unreleased]\n", ""))
    commit(checkout)
    assert found(checkout) == []


@pytest.mark.promise("repository:contributing:steps")
def test_stale_files_and_changes_are_named_all_at_once(checkout: Path) -> None:
    write(checkout, "server.json", "{}")
    write(checkout, "README.md", "# It\n")
    said = found(checkout)
    assert [problem.split(" ")[0] for problem in said] == ["server.json", "README.md", "The"]
    assert "`make server-json`" in said[0]
    assert SERVER_NAME in said[1]
    assert "git status" in said[2]


@pytest.mark.traced
@pytest.mark.exhaustive
@pytest.mark.promise("repository:contributing:steps")
def test_the_command_says_whether_a_checkout_can_be_released(checkout: Path) -> None:
    run("server.json", checkout / "server.json")
    assert (checkout / "server.json").read_bytes() == (ROOT / "server.json").read_bytes()
    write(checkout, "CHANGELOG.md", CHANGES.replace("1.2.0", __version__))
    commit(checkout)
    assert run("check", checkout) == (0, f"{__version__} can be released.\n")
    write(checkout, "untracked", "")
    code, said = run("check", checkout)
    assert code == 1
    assert said.startswith("The tree is not clean")


def run(command: str, path: Path) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-m", "bundle", command, str(path)],
        cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert not done.stderr
    return done.returncode, done.stdout
