import json
import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from rememberizer_mcp.server.sandbox.mailbox import (
    UnusableFolderError,
    published,
    read_addresses,
    runtime_directory,
)

from tests.support.runtime_folders import IN_THE_WAY, by_a_dangling_link, by_a_file, by_a_link

pytestmark = pytest.mark.promise("settings:files:private")
URL = "http://127.0.0.1:8765/key/outbox/"
REFUSED = r"must be a directory of your own, and no symbolic link\.$"


def everything_in(folder: Path) -> list[tuple[Path, int]]:
    return [(path, path.lstat().st_mode) for path in sorted(folder.rglob("*"))]


def test_the_runtime_directory_is_the_users(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    assert runtime_directory() == tmp_path
    monkeypatch.delenv("XDG_RUNTIME_DIR")
    assert runtime_directory().is_absolute()


def test_a_published_address_is_read_back(tmp_path: Path) -> None:
    with published(URL, tmp_path) as address:
        assert read_addresses(tmp_path) == [address]
        assert address.port == 8765
        assert address.path == "/key/outbox/"
        assert f"-{os.getpid()}-" in f"{address.file}"
    assert read_addresses(tmp_path) == []


def test_two_sandboxes_of_one_process_have_two_files(tmp_path: Path) -> None:
    with published(URL, tmp_path) as first, published(URL, tmp_path) as second:
        assert sorted(read_addresses(tmp_path), key=str) == sorted([first, second], key=str)
    assert read_addresses(tmp_path) == []


def test_a_file_that_somebody_removed_is_no_fault(tmp_path: Path) -> None:
    with published(URL, tmp_path) as address:
        assert address.file is not None
        address.file.unlink()


def test_a_directory_that_is_open_to_others_is_closed(tmp_path: Path) -> None:
    directory = tmp_path / "rememberizer-mcp"
    directory.mkdir(mode=0o755)
    with published(URL, tmp_path):
        assert stat.S_IMODE(directory.stat().st_mode) == 0o700


@pytest.mark.promise("sandbox:outbox:unusable-folder")
@pytest.mark.parametrize("take", IN_THE_WAY)
def test_a_folder_that_can_not_be_used_costs_the_published_file_alone(
    take: Callable[[Path], None], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    take(tmp_path / "rememberizer-mcp")
    before = everything_in(tmp_path)
    with published(URL, tmp_path) as address:
        assert (address.url, address.port, address.file) == (URL, 8765, None)
        assert everything_in(tmp_path) == before
    (said,) = caplog.messages
    assert said.startswith("`rememberizer-mcp sandbox outbox` will not find this sandbox: ")
    assert "key" not in said.partition(": ")[2].replace(str(tmp_path), "")
    assert everything_in(tmp_path) == before


@pytest.mark.promise("sandbox:outbox:unusable-folder")
def test_a_file_where_the_folder_above_should_be_costs_the_published_file_alone(tmp_path: Path) -> None:
    by_a_file(tmp_path / "runtime")
    with published(URL, tmp_path / "runtime") as address:
        assert address.file is None


@pytest.mark.parametrize("take", [by_a_file, by_a_link, by_a_dangling_link])
def test_what_is_in_the_folders_place_is_not_read(take: Callable[[Path], None], tmp_path: Path) -> None:
    take(tmp_path / "rememberizer-mcp")
    with pytest.raises(UnusableFolderError, match=REFUSED):
        read_addresses(tmp_path)


@pytest.mark.promise("sandbox:outbox:unusable-folder")
def test_where_there_is_no_runtime_directory_nothing_is_published(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """As platformdirs says it, which no machine with a folder for each user can be made to."""

    def taken() -> Path:
        raise PermissionError("runtime directory /x is owned by another user; set XDG_RUNTIME_DIR instead")

    monkeypatch.setattr("rememberizer_mcp.server.sandbox.mailbox.user_runtime_path", taken)
    with published(URL, None) as address:
        assert address.file is None
    assert caplog.messages[0].endswith("is owned by another user; set XDG_RUNTIME_DIR instead.")
    with pytest.raises(UnusableFolderError, match=r"instead\.$"):
        runtime_directory()


def test_a_folder_that_is_gone_at_the_end_is_no_fault(tmp_path: Path) -> None:
    with published(URL, tmp_path) as address:
        assert address.file is not None
        address.file.unlink()
        address.file.parent.rmdir()
        address.file.parent.write_text("another thing")


@pytest.mark.parametrize(
    "content",
    [
        "",
        "no json",
        "[]",
        "{}",
        '{"url": 1}',
        '{"url": null}',
        '{"url": "http://192.0.2.1:80/key/outbox/"}',
        '{"url": "http://127.0.0.1/key/outbox/"}',
        '{"url": "http://127.0.0.1:99999/key/outbox/"}',
        '{"url": "https://127.0.0.1:8765/key/outbox/"}',
        '{"url": "file:///etc/passwd"}',
    ],
)
def test_a_file_with_anything_odd_in_it_is_passed_over(tmp_path: Path, content: str) -> None:
    directory = tmp_path / "rememberizer-mcp"
    directory.mkdir(mode=0o700)
    (directory / "sandbox-1-odd.json").write_text(content)
    assert read_addresses(tmp_path) == []


def test_links_and_directories_among_the_files_are_passed_over(tmp_path: Path) -> None:
    directory = tmp_path / "rememberizer-mcp"
    directory.mkdir(mode=0o700)
    real = tmp_path / "real.json"
    real.write_text(json.dumps({"url": URL}))
    (directory / "sandbox-1-link.json").symlink_to(real)
    (directory / "sandbox-1-directory.json").mkdir()
    assert read_addresses(tmp_path) == []
