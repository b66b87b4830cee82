"""What must be so before a version is released; ``make release-check`` says what is not."""

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .registry import SERVER_NAME

_SECTION = re.compile(
    r"^## \[(?P<name>[^\]]+)\](?P<date> - \d{4}-\d{2}-\d{2})?[^\n]*\n(?P<text>.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL
)


def problems(root: Path, *, version: str, server_json: dict[str, Any]) -> Iterator[str]:
    """Everything in the checkout that speaks against releasing this version, a sentence each."""
    yield from _changelog(root, version)
    if json.loads(_text(root, "server.json")) != server_json:
        yield "server.json is not what `make server-json` writes."
    if f"<!-- mcp-name: {SERVER_NAME} -->" not in _text(root, "README.md"):
        yield f"README.md doesn't hold `<!-- mcp-name: {SERVER_NAME} -->`, by which the registry knows the package."
    if _git(root, "status", "--porcelain"):
        yield "The tree is not clean: commit what `git status` shows, or put it away."
    tagged = _git(root, "tag", "--list", f"v{version}")
    if tagged and _git(root, "rev-parse", f"v{version}^{{commit}}") != _git(root, "rev-parse", "HEAD"):
        yield f"The tag v{version} stands on another commit: raise `__version__` in server/__init__.py."


def _changelog(root: Path, version: str) -> Iterator[str]:
    sections = {found["name"]: found for found in _SECTION.finditer(_text(root, "CHANGELOG.md"))}
    released = sections.get(version)
    if released is None:
        yield f"CHANGELOG.md has no section `## [{version}] - YYYY-MM-DD`."
    elif not released["date"]:
        yield f"CHANGELOG.md's section [{version}] has no date."
    elif not released["text"].strip():
        yield f"CHANGELOG.md's section [{version}] is empty."
    if "Unreleased" in sections and sections["Unreleased"]["text"].strip():
        yield f"CHANGELOG.md still has something under [Unreleased]: move it to [{version}]."


def _text(root: Path, name: str) -> str:
    return (root / name).read_text(encoding="utf-8")


def _git(root: Path, *arguments: str) -> str:
    command = ["git", *arguments]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)  # noqa: S603 -- our own words
    return done.stdout.strip()
