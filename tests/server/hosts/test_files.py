"""Files of any kind: replaced at once beside a backup, or left alone with a sentence."""

import os
import stat
from pathlib import Path

import pytest
from rememberizer_mcp.server.hosts.files import MOST_BYTES, UnusableFile, read_file


def refusal(path: Path) -> str:
    with pytest.raises(UnusableFile) as caught:
        read_file(path)
    return str(caught.value).replace(str(path), "FILE")


@pytest.mark.promise("install:file:replaced-at-once")
def test_a_file_is_replaced_with_its_mode_and_its_mark_beside_a_backup(tmp_path: Path) -> None:
    path = tmp_path / "file.json"
    path.write_bytes(b"\xef\xbb\xbf{}\r\n")
    path.chmod(0o640)
    file = read_file(path)
    assert file.text == "{}\r\n"
    backup = tmp_path / "backup"
    file.replace("{1}\r\n", backup=backup)
    assert path.read_bytes() == b"\xef\xbb\xbf{1}\r\n"
    assert backup.read_bytes() == b"\xef\xbb\xbf{}\r\n"
    assert [each.stat().st_mode & 0o777 for each in (path, backup)] == [0o640, 0o640]
    assert sorted(each.name for each in tmp_path.iterdir()) == ["backup", "file.json"]


@pytest.mark.promise("install:file:replaced-at-once")
def test_a_new_file_and_its_new_folders_are_for_their_user_alone(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "mcp.json"
    read_file(path).replace("{}", backup=tmp_path / "none")
    modes = [stat.S_IMODE(each.stat().st_mode) for each in (path.parent, path)]
    assert modes == [0o700, 0o600]


@pytest.mark.promise("install:file:replaced-at-once")
def test_what_a_link_leads_to_is_replaced_and_the_link_stays(tmp_path: Path) -> None:
    target, link = tmp_path / "dotfiles.json", tmp_path / "link.json"
    target.write_text("old", encoding="utf-8")
    link.symlink_to("dotfiles.json")
    read_file(link).replace("new", backup=tmp_path / "backup")
    assert link.is_symlink()
    assert target.read_text(encoding="utf-8") == "new"


@pytest.mark.promise("install:file:replaced-at-once")
def test_somebody_elses_change_is_never_written_over(tmp_path: Path) -> None:
    path = tmp_path / "file.json"
    path.write_text("old", encoding="utf-8")
    for file in (read_file(path), read_file(tmp_path / "new.json")):
        file.path.write_text("theirs", encoding="utf-8")
        with pytest.raises(UnusableFile, match="was changed by another program just now; run this again"):
            file.replace("ours", backup=tmp_path / "backup")
        assert file.path.read_text(encoding="utf-8") == "theirs"
    assert sorted(each.name for each in tmp_path.iterdir()) == ["backup", "file.json", "new.json"]


@pytest.mark.promise("install:file:replaced-at-once")
def test_what_is_no_text_file_is_left_alone_with_a_sentence(tmp_path: Path) -> None:
    folder, fifo, binary, large = (tmp_path / name for name in ("folder", "fifo", "binary", "large"))
    folder.mkdir()
    os.mkfifo(fifo)
    binary.write_bytes(b"\xff\xfe{\x00")
    with large.open("wb") as file:
        file.truncate(MOST_BYTES + 1)
    nowhere, circle = tmp_path / "nowhere", tmp_path / "circle"
    nowhere.symlink_to("none")
    circle.symlink_to("circle")
    assert [refusal(path) for path in (folder, fifo, binary, large, nowhere)] == [
        "FILE is no file.",
        "FILE is no file.",
        "FILE is not UTF-8 text.",
        "FILE is larger than 20 MiB.",
        "FILE is a link that leads nowhere.",
    ]
    assert refusal(circle) == "FILE can't be read: its links go in a circle."
    assert refusal(circle / "below") == "FILE can't be read: its links go in a circle."
    assert refusal(Path("/proc/self/mem")) == "FILE can't be read: Input/output error."


def test_a_folder_that_takes_no_file_is_said_and_nothing_is_left(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.touch()
    file = read_file(tmp_path / "folder" / "file.json")
    (tmp_path / "folder").symlink_to(blocked)
    with pytest.raises(UnusableFile, match="can't be written: "):
        file.replace("new", backup=tmp_path / "backup")
    assert blocked.read_bytes() == b""


def test_a_replacement_that_fails_leaves_no_temporary_file(tmp_path: Path) -> None:
    path = tmp_path / "file.json"
    path.write_text("old", encoding="utf-8")
    file = read_file(path)
    backup = tmp_path / "backup"
    backup.mkdir()
    (backup / "full").touch()
    with pytest.raises(UnusableFile, match="can't be written: "):
        file.replace("new", backup=backup)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["backup", "file.json"]
    assert path.read_text(encoding="utf-8") == "old"
