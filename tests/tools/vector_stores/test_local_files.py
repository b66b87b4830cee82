"""Which files may leave this machine: those in the allowed folders, and no others."""

import os
import stat
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path, PurePath

import psutil
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from rememberizer_mcp.server.errors import InvalidArguments
from rememberizer_mcp.tools.vector_stores.local_files import HAS_DIR_FD, LocalFile, opened

from tests.support.tiers import examples
from tests.support.upload_folders import ODD

each_way = pytest.mark.parametrize("has_dir_fd", [True, False])


def refusal(folder: Path, *paths: str, has_dir_fd: bool = True) -> str:
    """Why the last of these files can't be opened."""
    with pytest.raises(InvalidArguments) as caught, ExitStack() as stack:
        stack.enter_context(opened([folder], paths, has_dir_fd=has_dir_fd))
    return str(caught.value)


def read(file: LocalFile) -> bytes:
    return os.pread(file.descriptor, 1_000, 0)


def identity(path: Path) -> tuple[int, int]:
    found = path.stat(follow_symlinks=False)
    return found.st_dev, found.st_ino


def really_in(folder: Path) -> Iterator[tuple[int, int]]:
    for at, _, names in os.walk(folder, followlinks=False):
        yield from (identity(Path(at, name)) for name in names)


@each_way
@pytest.mark.promise("tools:uploads:allowed-folders")
@pytest.mark.parametrize("name", ["file.txt", "inner/file.txt", "inner/deep/file.txt", *ODD, "./inner//./file.txt"])
def test_a_plain_file_in_an_allowed_folder_is_opened(folders: Path, has_dir_fd: bool, name: str) -> None:
    allowed = folders / "allowed"
    with opened([allowed], [f"{allowed}/{name}"], has_dir_fd=has_dir_fd) as (file,):
        assert (file.name, file.size, read(file)) == (PurePath(name).name, 6, b"public")


@each_way
@pytest.mark.promise("tools:uploads:allowed-folders")
@pytest.mark.parametrize(
    "path",
    [
        "private/secret.txt",
        "allowed/../private/secret.txt",
        "allowed/inner/../file.txt",
        "allowed/file-link.txt",
        "allowed/folder-link/secret.txt",
        "allowed/relative-link.txt",
        "allowed/chain-link/secret.txt",
        "allowed/self-link",
        "allowed/inside-link.txt",
        "allowed/up-link/private/secret.txt",
        "allowed/inner/up-link/allowed/file.txt",
        "allowed/nowhere-link.txt",
        "allowed/nothing.txt",
        "allowed/nothing/file.txt",
        "allowed/file.txt/file.txt",
        "allowed/inner",
        "allowed/pipe.txt",
        "allowed",
        "allowedfile.txt",
        "allowed-too/file.txt",
        "allowed/file.txt\0",
        "allowed/" + "x" * 300,
    ],
)
def test_nothing_else_is_opened_and_the_error_names_the_file_by_its_name_only(
    folders: Path, has_dir_fd: bool, path: str
) -> None:
    said = refusal(folders / "allowed", f"{folders}/{path}", has_dir_fd=has_dir_fd)
    assert str(folders) not in said
    assert "private" not in said


@each_way
@pytest.mark.promise("tools:uploads:allowed-folders")
@pytest.mark.parametrize(
    "path", ["file.txt", "./file.txt", "~/file.txt", "//etc/hostname", "/etc/hostname", "/", "", "\0"]
)
def test_what_is_not_below_an_allowed_folder_is_in_none(folders: Path, has_dir_fd: bool, path: str) -> None:
    said = refusal(folders / "allowed", path, has_dir_fd=has_dir_fd)
    assert "is in no folder from which files may be uploaded" in said


@each_way
@pytest.mark.promise("tools:uploads:allowed-folders")
def test_a_device_a_socket_and_a_pipe_are_no_files(folders: Path, has_dir_fd: bool) -> None:
    allowed = folders / "allowed"
    os.mknod(allowed / "socket.txt", stat.S_IFSOCK | 0o600)
    for path in (allowed / "socket.txt", allowed / "pipe.txt", Path("/dev/null")):
        assert f"`{path.name}`" in refusal(path.parent, str(path), has_dir_fd=has_dir_fd)


@each_way
@pytest.mark.promise("tools:uploads:allowed-folders")
def test_a_folder_that_the_user_allowed_by_a_link_is_allowed_by_both_names(folders: Path, has_dir_fd: bool) -> None:
    link = folders / "link"
    link.symlink_to(folders / "allowed")
    paths = [f"{link}/file.txt", f"{folders}/allowed/inner/file.txt"]
    with opened([link], paths, has_dir_fd=has_dir_fd) as files:
        assert [read(file) for file in files] == [b"public"] * 2


@each_way
@pytest.mark.promise("tools:uploads:allowed-folders")
def test_a_folder_that_is_gone_has_no_files(folders: Path, has_dir_fd: bool) -> None:
    said = refusal(folders / "gone", f"{folders}/gone/a.txt", has_dir_fd=has_dir_fd)
    assert said.startswith("invalid_arguments: There is no file `a.txt`.")


def test_every_file_is_closed_again_also_if_a_later_one_is_refused(folders: Path) -> None:
    path, before = f"{folders}/allowed/file.txt", psutil.Process().num_fds()
    with opened([folders / "allowed"], [path, path]):
        assert psutil.Process().num_fds() == before + 2
    refusal(folders / "allowed", path, f"{folders}/private/secret.txt")
    assert psutil.Process().num_fds() == before


@pytest.mark.promise("tools:uploads:allowed-folders")
def test_what_is_put_in_the_files_place_after_it_was_opened_is_not_sent(folders: Path) -> None:
    allowed = folders / "allowed"
    with opened([allowed], [f"{allowed}/inner/file.txt"]) as (file,):
        (allowed / "inner").rename(allowed / "moved")
        (allowed / "inner").symlink_to(folders / "private")
        (allowed / "moved" / "file.txt").unlink()
        (allowed / "moved" / "file.txt").symlink_to(folders / "private" / "secret.txt")
        assert read(file) == b"public"


def test_this_system_opens_files_relative_to_a_folder() -> None:
    assert HAS_DIR_FD


STEPS = st.sampled_from(
    [
        *(
            "..",
            ".",
            "",
            "inner",
            "deep",
            "file.txt",
            "allowed",
            "private",
            "secret.txt",
            "file-link.txt",
            "folder-link",
        ),
        *("relative-link.txt", "chain-link", "self-link", "inside-link.txt", "up-link", "root-link", "pipe.txt"),
        *("nowhere-link.txt", "proc", "self", "root", "cwd", "etc", "hostname", "\0", *ODD),
    ]
)
STARTS = st.sampled_from(["{}/allowed", "{}/allowed/inner", "{}", "", "/", "{}/allowed/root-link{}", "//", "."])


@each_way
@pytest.mark.promise("tools:uploads:allowed-folders")
@given(start=STARTS, steps=st.lists(STEPS | st.text(max_size=5), max_size=6))
@example(start="{}/allowed", steps=["inner", "file.txt"])
@settings(max_examples=examples(300), suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_path_leaves_the_allowed_folder(folders: Path, has_dir_fd: bool, start: str, steps: list[str]) -> None:
    allowed = folders / "allowed"
    path = "/".join([start.replace("{}", str(folders)), *steps])
    reached: list[tuple[int, int]] = []
    try:
        with opened([allowed], [path], has_dir_fd=has_dir_fd) as (file,):
            found = os.fstat(file.descriptor)
            reached.append((found.st_dev, found.st_ino))
    except InvalidArguments:
        reached.clear()
    assert set(reached) <= set(really_in(allowed))
    assert identity(folders / "private" / "secret.txt") not in reached
