"""The copies beside a host's file go when the file is again, to the byte, what it was; and only then."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from rememberizer_mcp.server.cli.commands import main
from rememberizer_mcp.server.hosts.files import UnusableFile
from rememberizer_mcp.server.hosts.install import installing, uninstalling
from rememberizer_mcp.server.hosts.table import HOSTS

from tests.support.systems import a_system

CURSOR = HOSTS["cursor"]
ORIGINAL = '{"mcpServers": {"github": {"command": "x", "env": {"TOKEN": "of-the-other"}}}}\n'
GONE = "The file is as it was before `install`, and the copies that lay beside it are gone.\n"


def said_by(folder: Path, *arguments: str) -> str:
    result = CliRunner().invoke(main, arguments, env={"HOME": str(a_system(folder).home)})
    assert result.exit_code == 0, result.output
    return result.output


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = CURSOR.path(a_system(tmp_path))
    file.parent.mkdir()
    file.write_text(ORIGINAL)
    return file


def beside(file: Path) -> list[str]:
    return sorted(each.name.removeprefix(file.name) for each in file.parent.iterdir())


@pytest.mark.promise("install:uninstall:copies-gone")
@pytest.mark.parametrize("name", ["vscode", "codex", "goose"])
def test_nothing_stays_of_a_file_that_is_given_back(name: str, tmp_path: Path) -> None:
    file = HOSTS[name].path(a_system(tmp_path))
    file.parent.mkdir(parents=True)
    file.write_bytes(b"")
    installing(a_system(tmp_path), HOSTS[name], sandbox=False).make()
    assert uninstalling(a_system(tmp_path), HOSTS[name], sandbox=False).make()
    assert (file.read_bytes(), beside(file)) == (b"", [""])


@pytest.mark.promise("install:uninstall:copies-gone")
def test_both_copies_go_with_the_last_entry_and_that_is_said(file: Path, tmp_path: Path) -> None:
    for more in ((), ("--sandbox",)):
        said_by(tmp_path, "install", "cursor", *more)
    assert f"Before: {file}.rememberizer-undo\n" in said_by(tmp_path, "uninstall", "cursor")
    assert beside(file) == ["", ".before-rememberizer", ".rememberizer-undo"]
    said = said_by(tmp_path, "uninstall", "cursor", "--sandbox")
    assert said == f"Removed `rememberizer-sandbox` from {file}.\n{GONE}It is gone when Cursor starts again.\n"
    assert (file.read_text(), beside(file)) == (ORIGINAL, [""])


@pytest.mark.promise("install:uninstall:copies-gone")
def test_what_somebody_added_to_our_entry_stays_in_a_copy(file: Path, tmp_path: Path) -> None:
    said_by(tmp_path, "install", "cursor")
    mine = json.loads(file.read_text())
    mine["mcpServers"]["rememberizer"]["env"]["REMEMBERIZER_EMAIL"] = "ada@example.org"
    file.write_text(json.dumps(mine))
    said_by(tmp_path, "uninstall", "cursor")
    assert beside(file) == ["", ".before-rememberizer", ".rememberizer-undo"]
    file.write_text(ORIGINAL)
    change = installing(a_system(tmp_path), CURSOR, sandbox=False)
    change.make()
    text = file.read_text().replace(
        '"REMEMBERIZER_SECRET', '"REMEMBERIZER_EMAIL": "ada@example.org", "REMEMBERIZER_SECRET'
    )
    file.write_text(text)
    assert not uninstalling(a_system(tmp_path), CURSOR, sandbox=False).make()
    assert "ada@example.org" in file.with_name("mcp.json.rememberizer-undo").read_text()


@pytest.mark.promise("install:uninstall:copies-gone")
def test_the_copies_stay_where_the_bytes_are_not_the_same(file: Path, tmp_path: Path) -> None:
    said_by(tmp_path, "install", "cursor")
    file.write_text(file.read_text() + "\n")
    assert f"Before: {file}.rememberizer-undo\n" in said_by(tmp_path, "uninstall", "cursor")
    assert beside(file) == ["", ".before-rememberizer", ".rememberizer-undo"]
    assert file.with_name("mcp.json.before-rememberizer").read_text() == ORIGINAL


@pytest.mark.promise("install:uninstall:copies-gone")
def test_what_is_kept_of_somebody_elses_entry_stays(file: Path, tmp_path: Path) -> None:
    theirs = file.with_name("mcp.json.rememberizer-replaced")
    file.write_text('{"mcpServers": {"rememberizer": {"url": "https://x.example"}}}')
    said_by(tmp_path, "uninstall", "cursor")
    said_by(tmp_path, "install", "cursor")
    assert GONE in said_by(tmp_path, "uninstall", "cursor")
    assert (beside(file), "x.example" in theirs.read_text()) == (["", ".rememberizer-replaced"], True)


@pytest.mark.promise("install:uninstall:copies-gone")
def test_a_copy_that_can_not_be_taken_away_is_named(file: Path, tmp_path: Path) -> None:
    said_by(tmp_path, "install", "cursor")
    change = uninstalling(a_system(tmp_path), CURSOR, sandbox=False)
    before = file.with_name("mcp.json.before-rememberizer")
    before.unlink()
    before.mkdir()
    assert not change.make()
    assert file.read_text() == ORIGINAL
    assert beside(file) == ["", ".before-rememberizer", ".rememberizer-undo"]


@pytest.mark.promise("install:uninstall:copies-gone")
def test_nothing_goes_where_the_file_could_not_be_given_back(file: Path, tmp_path: Path) -> None:
    said_by(tmp_path, "install", "cursor")
    change = uninstalling(a_system(tmp_path), CURSOR, sandbox=False)
    file.write_text("theirs")
    with pytest.raises(UnusableFile):
        change.make()
    assert beside(file) == ["", ".before-rememberizer", ".rememberizer-undo"]
