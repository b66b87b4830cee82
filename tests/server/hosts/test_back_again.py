"""What was installed and taken out again leaves the bytes that stood there before, whatever they were."""

import tomllib
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rememberizer_mcp.server.hosts.install import installing, uninstalling
from rememberizer_mcp.server.hosts.table import HOSTS
from yaml import SafeLoader

from tests.support.host_texts import FLAGS, held, json_files, toml_files, yaml_files
from tests.support.systems import a_system
from tests.support.tiers import examples

FILES = {"vscode": json_files(), "codex": toml_files(), "goose": yaml_files()}
ORDERS = st.sampled_from([(False,), (True,), (False, True), (True, False)])
PLAIN = {
    "vscode": ("{}", '{"servers": {}}'),
    "codex": ("a = 1", "a = 1\n\n[mcp_servers]"),
    "goose": ("a: 1", "a: 1\nextensions: {}"),
}
EACH_PLAIN = pytest.mark.parametrize(("name", "original"), [(name, text) for name in PLAIN for text in PLAIN[name]])


@pytest.mark.promise("install:file:nothing-else-changed")
@pytest.mark.parametrize("name", FILES)
@settings(max_examples=examples(60), deadline=None)
@given(data=st.data(), has_mark=FLAGS, order=ORDERS, back=ORDERS)
def test_any_file_is_given_back_to_the_byte(
    name: str, data: st.DataObject, has_mark: bool, order: tuple[bool, ...], back: tuple[bool, ...]
) -> None:
    original = b"\xef\xbb\xbf" * has_mark + data.draw(FILES[name]).encode()
    with TemporaryDirectory() as folder:
        system = a_system(Path(folder))
        path = HOSTS[name].path(system)
        path.parent.mkdir(parents=True)
        path.write_bytes(original)
        for sandbox in order:
            installing(system, HOSTS[name], sandbox=sandbox).make()
        assert path.read_bytes() != original
        for sandbox in sorted(order, key=(*back, *order).index):
            uninstalling(system, HOSTS[name], sandbox=sandbox).make()
        assert path.read_bytes() == original


def installed(folder: Path, name: str, original: str) -> Path:
    system = a_system(folder)
    path = HOSTS[name].path(system)
    path.parent.mkdir(parents=True)
    path.write_bytes(original.encode())
    installing(system, HOSTS[name], sandbox=False).make()
    return path


def without_us(folder: Path, name: str) -> str:
    uninstalling(a_system(folder), HOSTS[name], sandbox=False).make()
    return HOSTS[name].path(a_system(folder)).read_bytes().decode()


@pytest.mark.promise("install:file:nothing-else-changed")
@EACH_PLAIN
def test_the_member_of_the_servers_and_the_last_line_end_as_they_were(name: str, original: str, tmp_path: Path) -> None:
    installed(tmp_path, name, original)
    assert without_us(tmp_path, name) == original


@pytest.mark.promise("install:file:nothing-else-changed")
@EACH_PLAIN
def test_what_somebody_changed_meanwhile_is_not_undone(name: str, original: str, tmp_path: Path) -> None:
    path = installed(tmp_path, name, original)
    comment = "\n// mine" if name == "vscode" else "\n# mine"
    path.write_bytes(path.read_bytes() + comment.encode())
    left = without_us(tmp_path, name)
    assert left.endswith(comment)
    assert held(HOSTS[name], left)[HOSTS[name].key] == {}


@pytest.mark.promise("install:file:nothing-else-changed")
@pytest.mark.parametrize(
    "kept",
    [None, b"\xff", b"[", b"\xef\xbb\xbf{}", b'{"servers": {"rememberizer": {}}}', b'{"longer": "%b"}' % (b"x" * 1000)],
)
def test_a_kept_file_that_we_did_not_start_from_is_not_given_back(kept: bytes | None, tmp_path: Path) -> None:
    path = installed(tmp_path, "vscode", "{}")
    beside = path.with_name("mcp.json.before-rememberizer")
    beside.unlink()
    if kept is not None:
        beside.write_bytes(kept)
    assert without_us(tmp_path, "vscode").split() == ["{", '"servers":', "{", "}", "}"]


@pytest.mark.promise("install:file:replaced-at-once")
@pytest.mark.parametrize("order", [(False,), (True, False), (False, True)])
@pytest.mark.parametrize(
    ("name", "parse"), [("codex", (tomllib, "loads")), ("goose", (SafeLoader, "construct_document"))]
)
def test_to_uninstall_reads_no_more_than_to_install(
    name: str, parse: tuple[Any, str], order: tuple[bool, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once it tried each order of our entries, with and without the one that goes, and read each text three times."""
    text = {"codex": "".join(f"[a{number}]\nb = 1\n" for number in range(200)), "goose": "a:\n" + "- b: 1\n" * 200}[
        name
    ]
    system, host, read, original = a_system(tmp_path), HOSTS[name], [0], getattr(*parse)
    path = host.path(system)
    path.parent.mkdir(parents=True)
    path.write_bytes(text.encode())

    def counting(*arguments: Any, **options: Any) -> Any:
        read[0] += name == "goose" or len(arguments[0]) > 1000  # a header of TOML is read alone
        return original(*arguments, **options)

    monkeypatch.setattr(*parse, counting)
    for sandbox in order:
        installing(system, host, sandbox=sandbox).make()
    assert read[0] == 2 * len(order)
    uninstalling(system, host, sandbox=False).make()
    assert read[0] == 2 * len(order) + 2
    path.write_bytes(path.read_bytes() + b"# mine\n")
    installing(system, host, sandbox=False).make()
    path.write_bytes(path.read_bytes() + b"# mine\n")
    read[0] = 0
    uninstalling(system, host, sandbox=False).make()
    assert read[0] == 2


@pytest.mark.parametrize("entry", ["null", '{"command": "x", "env": {"A": "\\ud800"}}'])
def test_an_entry_that_we_could_not_have_written_is_taken_out(entry: str, tmp_path: Path) -> None:
    path = installed(tmp_path, "vscode", "{}")
    path.write_text(f'{{"servers": {{"rememberizer": {entry}}}}}', encoding="utf-8")
    assert without_us(tmp_path, "vscode") == '{"servers": {}}'
