"""Who may read a host's file besides its user: after a change, nobody more than before it."""

import errno
import os
import stat
import struct
from pathlib import Path

import pytest
from rememberizer_mcp.server.hosts.files import read_file

ACCESS, DEFAULT = "system.posix_acl_access", "system.posix_acl_default"
USER_OBJ, USER, GROUP_OBJ, MASK, OTHER = 1, 2, 4, 16, 32
NOBODY = 65534
ANOTHER_GROUP = next(iter({*os.getgroups()} - {os.getegid()}), 12345)


def acl(*entries: tuple[int, int], user: int = NOBODY) -> bytes:
    """As Linux keeps one: a version, then each entry's tag, rights and id."""
    rows = [struct.pack("<HHI", tag, rights, user if tag == USER else 0xFFFFFFFF) for tag, rights in entries]
    return struct.pack("<I", 2) + b"".join(rows)


ONE_MORE_READER = acl((USER_OBJ, 6), (USER, 4), (GROUP_OBJ, 0), (MASK, 4), (OTHER, 0))
"""The group may not read. The mode is 0640 all the same, since its middle is the mask."""


def changed(path: Path) -> list[Path]:
    """The file and its copy, after a change."""
    backup = path.with_name("backup")
    read_file(path).replace("new", backup=backup)
    assert (path.read_text(), backup.read_text()) == ("new", "old")
    return [path, backup]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "file.json"
    path.write_text("old")
    path.chmod(0o600)
    return path


def modes(paths: list[Path]) -> list[int]:
    return [stat.S_IMODE(each.stat().st_mode) for each in paths]


@pytest.mark.promise("install:file:never-wider")
def test_an_access_control_list_goes_with_the_file(path: Path) -> None:
    os.setxattr(path, ACCESS, ONE_MORE_READER)
    os.setxattr(path, "user.note", b"mine")
    files = changed(path)
    assert [os.getxattr(each, ACCESS) for each in files] == [ONE_MORE_READER] * 2
    assert [os.getxattr(each, "user.note") for each in files] == [b"mine"] * 2
    assert modes(files) == [0o640, 0o640]


@pytest.mark.promise("install:file:never-wider")
def test_a_list_that_its_folder_has_for_new_files_does_not_come_to_it(path: Path) -> None:
    """It would let somebody read what the file's own mode kept from them."""
    os.setxattr(path.parent, DEFAULT, acl((USER_OBJ, 7), (USER, 7), (GROUP_OBJ, 7), (MASK, 7), (OTHER, 0)))
    path.chmod(0o640)
    files = changed(path)
    assert [os.listxattr(each) for each in files] == [[], []]
    assert modes(files) == [0o640, 0o640]


@pytest.mark.promise("install:file:never-wider")
def test_a_new_file_in_such_a_folder_is_for_its_user_alone(tmp_path: Path) -> None:
    os.setxattr(tmp_path, DEFAULT, acl((USER_OBJ, 7), (USER, 7), (GROUP_OBJ, 7), (MASK, 7), (OTHER, 7)))
    path = tmp_path / "file.json"
    read_file(path).replace("new", backup=tmp_path / "none")
    assert modes([path]) == [0o600]


def refused(*_: object) -> None:
    raise OSError(errno.ENOTSUP, "not supported")


@pytest.mark.promise("install:file:never-wider")
def test_where_a_list_can_not_be_kept_the_file_is_for_its_user_alone(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.setxattr(path, ACCESS, ONE_MORE_READER)
    monkeypatch.setattr(os, "setxattr", refused)
    assert modes(changed(path)) == [0o600, 0o600]


@pytest.mark.promise("install:file:never-wider")
def test_where_a_list_can_not_be_taken_away_the_file_is_for_its_user_alone(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.setxattr(path.parent, DEFAULT, ONE_MORE_READER)
    path.chmod(0o644)
    monkeypatch.setattr(os, "removexattr", refused)
    assert modes(changed(path)) == [0o600, 0o600]


@pytest.mark.promise("install:file:never-wider")
def test_an_attribute_that_says_nothing_of_readers_may_be_lost(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.setxattr(path, "user.note", b"mine")
    path.chmod(0o644)
    monkeypatch.setattr(os, "setxattr", refused)
    assert modes(changed(path)) == [0o644, 0o644]


@pytest.mark.parametrize("lacking", ["files", "system"])
def test_where_there_are_no_attributes_the_mode_is_kept(
    lacking: str, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path.chmod(0o644)
    if lacking == "files":
        monkeypatch.setattr(os, "listxattr", refused)
    else:
        monkeypatch.delattr(os, "listxattr")
    assert modes(changed(path)) == [0o644, 0o644]


@pytest.mark.promise("install:file:never-wider")
def test_the_rights_of_a_group_that_can_not_be_kept_are_given_to_no_other(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Root may give a file to any group; anybody else who is not in it is refused, as here."""
    os.chown(path, -1, ANOTHER_GROUP)
    path.chmod(0o664)

    def not_permitted(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "chown", not_permitted)
    assert modes(changed(path)) == [0o604, 0o604]
