"""A file that its host can't read as it is: nothing is written there, and the doctor says so."""

from pathlib import Path

import pytest
from rememberizer_mcp.server.doctor.entries import entries
from rememberizer_mcp.server.doctor.report import Finding
from rememberizer_mcp.server.hosts.files import UnusableFile
from rememberizer_mcp.server.hosts.install import installing, uninstalling
from rememberizer_mcp.server.hosts.table import HOSTS

from tests.support.systems import a_system

READ = "is read"
WORDS = {
    "mark": (b'\xef\xbb\xbf{"a": 1}', "a byte order mark: save the file as UTF-8 without it"),
    "line": (b'{"a": 1} // mine', "a comment: take it out"),
    "block": (b'{"a": /* mine */ 1}', "a comment: take it out"),
    "comma": (b'{"a": [1, 2,], "b": 1}', "a comma before a closing bracket: take it out"),
    "comma of an object": (b'{"a": {"b": 1, \n }}', "a comma before a closing bracket: take it out"),
    "NaN": (b'{"a": NaN}', "`NaN` or `Infinity`: take it out"),
    "Infinity": (b'{"a": [-Infinity]}', "`NaN` or `Infinity`: take it out"),
}
TRIED = {
    "claude-desktop": {*WORDS},
    "claude-code": {*WORDS} - {"mark"},
    "gemini-cli": {*WORDS} - {"line", "block"},
    "cursor": set(),
    "vscode": set(),
}
"""What each refuses: see docs/hosts.md."""
CASES = [(host, kind) for host in TRIED for kind in WORDS]


def written(folder: Path, host: str, content: bytes) -> Path:
    path = HOSTS[host].path(a_system(folder))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


@pytest.mark.promise("install:file:host-can-read")
@pytest.mark.parametrize(("host", "kind"), CASES)
def test_nothing_is_written_where_the_host_itself_can_not_read(host: str, kind: str, tmp_path: Path) -> None:
    content, words = WORDS[kind]
    path = written(tmp_path, host, content)
    said = READ
    try:
        installing(a_system(tmp_path), HOSTS[host], sandbox=False).make()
    except UnusableFile as refusal:
        said = str(refusal)
        assert path.read_bytes() == content
    oddity, _, step = words.partition(":")
    title = HOSTS[host].title
    refused = f"{path} holds {oddity}, which {title} itself can't read:{step}; it was left alone."
    assert said == (refused if kind in TRIED[host] else READ)


@pytest.mark.promise("install:file:host-can-read")
@pytest.mark.parametrize(("host", "kind"), CASES)
def test_the_doctor_warns_of_what_the_host_can_not_read(host: str, kind: str, tmp_path: Path) -> None:
    content, words = WORDS[kind]
    path = written(tmp_path, host, content)
    found = [each for each in entries(lambda: a_system(tmp_path)) if isinstance(each, Finding)]
    oddity, _, step = words.partition(": ")
    title, restart = HOSTS[host].title, HOSTS[host].next_step
    text = f"{title}: {path} holds {oddity}, which {title} itself can't read."
    warned = [("warning", text, f"There, {step}. {restart}")]
    assert [(each.level, each.text, each.next_step) for each in found] == (warned if kind in TRIED[host] else [])


@pytest.mark.promise("install:file:host-can-read")
def test_our_entry_stays_in_such_a_file_until_the_host_can_read_it(tmp_path: Path) -> None:
    path = written(tmp_path, "claude-code", b"{}")
    installing(a_system(tmp_path), HOSTS["claude-code"], sandbox=False).make()
    path.write_bytes(path.read_bytes() + b"// mine\n")
    with pytest.raises(UnusableFile, match="holds a comment, which Claude Code itself can't read"):
        uninstalling(a_system(tmp_path), HOSTS["claude-code"], sandbox=False)


@pytest.mark.promise("install:file:host-can-read")
@pytest.mark.parametrize("host", TRIED)
@pytest.mark.parametrize(
    "content",
    [b"", b"{}\r\n", b'\t{"a":\t1}', b'{"a": "// no comment, /* none */ ,] NaN \\",}"}', '{"a": "\ufeff"}'.encode()],
)
def test_what_only_looks_like_it_is_written_to(host: str, content: bytes, tmp_path: Path) -> None:
    path = written(tmp_path, host, content)
    installing(a_system(tmp_path), HOSTS[host], sandbox=False).make()
    assert b"REMEMBERIZER_SECRET_ARGUMENTS" in path.read_bytes()


@pytest.mark.parametrize("host", ["codex", "goose"])
def test_a_mark_before_what_is_no_json_is_no_matter(host: str, tmp_path: Path) -> None:
    path = written(tmp_path, host, b"\xef\xbb\xbf# mine\n")
    installing(a_system(tmp_path), HOSTS[host], sandbox=False).make()
    assert path.read_bytes().startswith(b"\xef\xbb\xbf# mine\n")
