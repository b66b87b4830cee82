"""What git holds: our own work and nothing else. ``make tracked`` looks before each commit."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bundle.host import ROOT

MOST_BYTES = 200_000
REGULAR = ("100644", "100755")
"""The modes of files; a link has 120000, another repository 160000."""


def git(*arguments: str, cwd: Path, given: str | None = None) -> str:
    """What a command of git prints."""
    done = subprocess.run(["git", *arguments], cwd=cwd, input=given, capture_output=True, text=True, check=True)
    return done.stdout


def what_does_not_belong(checkout: Path) -> Iterator[str]:
    """Each file of the next commit that is not ours, and why."""
    page = (checkout / "docs/architecture.md").read_text(encoding="utf-8")
    layout = "\n".join(re.findall(r"^\|([^|]*)\|", page.partition("## Layout")[2].partition("## ")[0], re.MULTILINE))
    named = {name.rstrip("/") for name in re.findall(r"`(.+?)`", layout)}
    rows = [row.split(maxsplit=3) for row in git("ls-files", "--stage", "-z", cwd=checkout).split("\0") if row]
    blobs = "\n".join(blob for _, blob, _, _ in rows)
    sizes = git("cat-file", "--batch-check=%(objectsize)", cwd=checkout, given=blobs).splitlines()
    for (mode, _, _, name), size in zip(rows, sizes, strict=True):
        folders = name.split("/")
        if folders[0] not in named:
            yield f"{name}: docs/architecture.md does not name {folders[0]}"
        elif "node_modules" in folders:
            yield f"{name}: a package of somebody else"
        elif mode not in REGULAR:
            yield f"{name}: a link, or another repository"
        elif int(size) > MOST_BYTES:
            yield f"{name}: larger than {MOST_BYTES:,} bytes"


@pytest.mark.promise("repository:files:ours-only")
def test_git_holds_our_own_work_and_nothing_else() -> None:
    assert not list(what_does_not_belong(ROOT))


@pytest.mark.promise("repository:files:ours-only")
@pytest.mark.parametrize(
    ("name", "why"),
    [
        (".bench/memory/package.json", "docs/architecture.md does not name .bench"),
        ("notes.txt", "docs/architecture.md does not name notes.txt"),
        ("tests/node_modules/zod/index.js", "a package of somebody else"),
        ("server/link", "a link, or another repository"),
        ("server/large.json", "larger than 200,000 bytes"),
        ("server/ours.py", None),
    ],
)
def test_what_is_not_ours_is_found_before_it_is_committed(name: str, why: str | None, tmp_path: Path) -> None:
    for path, text in {
        "docs/architecture.md": "## Layout\n| `server/`, `tests/` | |\n| `docs/` | |\n",
        name: "x",
    }.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text, encoding="utf-8")
    if why == "a link, or another repository":
        (tmp_path / name).unlink()
        (tmp_path / name).symlink_to("..")
    elif name.endswith("large.json"):
        (tmp_path / name).write_bytes(b" " * (MOST_BYTES + 1))
    git("init", "-q", cwd=tmp_path)
    git("add", ".", cwd=tmp_path)
    assert list(what_does_not_belong(tmp_path)) == ([f"{name}: {why}"] if why else [])
