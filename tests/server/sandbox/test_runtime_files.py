import json
import os
import stat
from contextlib import ExitStack
from pathlib import Path

import pytest
from rememberizer_mcp.server.sandbox.runtime_files import published, read_addresses, runtime_directory

pytestmark = pytest.mark.promise("S13")
URL = "http://127.0.0.1:8765/key/outbox/"
REFUSED = r"must be a directory of your own, and no symbolic link\.$"


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
        assert f"-{os.getpid()}-" in address.file.name
    assert read_addresses(tmp_path) == []


def test_two_sandboxes_of_one_process_have_two_files(tmp_path: Path) -> None:
    with published(URL, tmp_path) as first, published(URL, tmp_path) as second:
        assert sorted(read_addresses(tmp_path), key=str) == sorted([first, second], key=str)
    assert read_addresses(tmp_path) == []


def test_a_file_that_somebody_removed_is_no_fault(tmp_path: Path) -> None:
    with published(URL, tmp_path) as address:
        address.file.unlink()


def test_a_directory_that_is_open_to_others_is_closed(tmp_path: Path) -> None:
    directory = tmp_path / "rememberizer-mcp"
    directory.mkdir(mode=0o755)
    with published(URL, tmp_path):
        assert stat.S_IMODE(directory.stat().st_mode) == 0o700


def test_a_symbolic_link_in_place_of_the_directory_is_refused(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (tmp_path / "rememberizer-mcp").symlink_to(elsewhere)
    with pytest.raises(ValueError, match=REFUSED), ExitStack() as stack:
        stack.enter_context(published(URL, tmp_path))
    with pytest.raises(ValueError, match=REFUSED):
        read_addresses(tmp_path)
    assert list(elsewhere.iterdir()) == []


def test_a_dangling_link_in_place_of_the_directory_is_refused(tmp_path: Path) -> None:
    (tmp_path / "rememberizer-mcp").symlink_to(tmp_path / "nowhere")
    with pytest.raises(ValueError, match=REFUSED), ExitStack() as stack:
        stack.enter_context(published(URL, tmp_path))
    assert not (tmp_path / "nowhere").exists()


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
