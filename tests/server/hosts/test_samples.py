"""Real files of each host: our entry comes and goes, and every other byte stays."""

import os
from collections.abc import Mapping
from pathlib import Path

import pytest
from rememberizer_mcp.server.hosts.install import installing, uninstalling
from rememberizer_mcp.server.hosts.table import HOSTS, Host

from tests.support.host_texts import held, parsed
from tests.support.systems import a_system

SAMPLES = {path.stem: path for path in sorted(Path(__file__).with_name("samples").iterdir())}
EVERY_HOST = pytest.mark.parametrize("host", HOSTS.values(), ids=lambda host: host.name)
CANARY = "canary-of-another-server"


def file_of(host: Host, folder: Path) -> Path:
    """The host's sample where the host would have it."""
    path = host.path(a_system(folder))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(SAMPLES[host.name].read_bytes())
    return path


def test_each_host_has_a_sample_that_holds_somebody_elses_secret() -> None:
    assert set(SAMPLES) == set(HOSTS)
    assert all(CANARY in path.read_text(encoding="utf-8") for path in SAMPLES.values())


@pytest.mark.promise("install:file:nothing-else-changed")
@EVERY_HOST
@pytest.mark.parametrize("sandbox", [False, True])
def test_install_adds_our_entry_and_uninstall_gives_back_every_byte(host: Host, sandbox: bool, tmp_path: Path) -> None:
    path, system = file_of(host, tmp_path), a_system(tmp_path)
    original = path.read_bytes()
    others = held(host, original.decode())[host.key]
    change = installing(system, host, sandbox=sandbox)
    change.make()
    assert held(host, path.read_bytes().decode())[host.key] == others | {change.name: change.after}
    assert change.backup.read_bytes() == original
    assert not installing(system, host, sandbox=sandbox).is_needed
    uninstalling(system, host, sandbox=sandbox).make()
    assert path.read_bytes() == original


@pytest.mark.promise("install:file:nothing-else-changed")
@EVERY_HOST
def test_only_lines_of_our_entry_are_new(host: Host, tmp_path: Path) -> None:
    path = file_of(host, tmp_path)
    original = path.read_bytes().decode()
    change = installing(a_system(tmp_path), host, sandbox=True)
    change.make()
    after = path.read_bytes().decode()
    pairs = enumerate(zip(original, after, strict=False))
    start = next((number for number, (old, new) in pairs if old != new), len(original))
    assert after.endswith(original[start:])
    assert "--sandbox" in after[start : len(after) - len(original) + start]


@pytest.mark.promise("install:file:nothing-else-changed")
@EVERY_HOST
def test_both_entries_stand_beside_each_other(host: Host, tmp_path: Path) -> None:
    path, system = file_of(host, tmp_path), a_system(tmp_path)
    original = path.read_bytes()
    for sandbox in (False, True):
        installing(system, host, sandbox=sandbox).make()
    blocks = {name: host.block(entry) for name, entry in parsed(host, path.read_bytes().decode()).ours.items()}
    assert {name: block and block.args[-1:] for name, block in blocks.items()} == {
        "rememberizer": [],
        "rememberizer-sandbox": ["--sandbox"],
    }
    for sandbox in (False, True):
        uninstalling(system, host, sandbox=sandbox).make()
    assert path.read_bytes() == original


@pytest.mark.promise("install:file:replaced-at-once")
@EVERY_HOST
def test_the_state_without_us_stays_beside_the_file_whatever_we_change_later(host: Host, tmp_path: Path) -> None:
    path, system = file_of(host, tmp_path), a_system(tmp_path)
    untouched = path.with_name(path.name + ".before-rememberizer")
    undo = path.with_name(path.name + ".rememberizer-undo")
    original = path.read_bytes()
    installing(system, host, sandbox=False).make()
    with_us = path.read_bytes()
    installing(system, host, sandbox=True).make()
    assert (untouched.read_bytes(), undo.read_bytes()) == (original, with_us)
    with_both = path.read_bytes()
    uninstalling(system, host, sandbox=True).make()
    assert (untouched.read_bytes(), undo.read_bytes()) == (original, with_both)
    assert sorted(each for each in path.parent.iterdir() if each.is_file()) == [path, untouched, undo]


@pytest.mark.promise("install:entry:overwritten-if-wanted")
@EVERY_HOST
def test_what_the_user_added_to_our_entry_stays(host: Host, tmp_path: Path) -> None:
    path, system = file_of(host, tmp_path), a_system(tmp_path)
    change = installing(system, host, sandbox=False)
    command, _, variables = host.names
    assert change.after is not None
    ours = change.after[variables]
    mine = change.after | {
        "disabled": True,
        "timeout": 600,
        variables: ours | {"REMEMBERIZER_EMAIL": "ada@example.org"},
    }
    old = mine | {command: "/old/command", variables: mine[variables] | {"REMEMBERIZER_SECRET_ARGUMENTS": "on"}}
    path.write_bytes(_with(host, path, old).encode())
    again = installing(system, host, sandbox=False)
    assert again.overwrites
    assert again.after == mine
    assert sorted(again.additions) == ["REMEMBERIZER_EMAIL", "disabled", "timeout"]
    path.write_bytes(_with(host, path, mine).encode())
    assert not installing(system, host, sandbox=False).is_needed


@pytest.mark.promise("install:entry:overwritten-if-wanted")
@EVERY_HOST
def test_the_link_that_a_runner_put_on_the_path_names_our_command_too(host: Host, tmp_path: Path) -> None:
    """As ``claude mcp add`` and its like write it after ``uv tool install``."""
    path, system = file_of(host, tmp_path), a_system(tmp_path)
    ours = installing(system, host, sandbox=False).after
    assert ours is not None
    command = Path(ours[host.names[0]])
    to_us, elsewhere = tmp_path / "link", tmp_path / "rememberizer-mcp"
    to_us.symlink_to(command)
    elsewhere.symlink_to("/elsewhere/rememberizer-mcp")
    for written in (to_us, elsewhere, os.path.relpath(command), f"{to_us}\0"):
        path.write_bytes(_with(host, path, ours | {host.names[0]: str(written)}).encode())
        assert installing(system, host, sandbox=False).is_needed is (written != to_us)


@pytest.mark.promise("install:entry:overwritten-if-wanted")
def test_the_interpreter_of_another_environment_is_not_ours_though_both_are_links_to_one_program(
    tmp_path: Path,
) -> None:
    host, system, another = HOSTS["cursor"], a_system(tmp_path), tmp_path / "another-python"
    (system.scripts / "rememberizer-mcp").unlink()
    for python in (system.python, another):
        python.symlink_to("/bin/sh")
    installing(system, host, sandbox=False).make()
    path = host.path(system)
    path.write_text(path.read_text().replace(str(system.python), str(another)))
    assert installing(system, host, sandbox=False).is_needed


@pytest.mark.promise("install:entry:overwritten-if-wanted")
@EVERY_HOST
@pytest.mark.parametrize("member", ["url", "httpUrl", "serverUrl", "uri"])
def test_nothing_stays_of_an_entry_that_names_a_server_elsewhere(host: Host, member: str, tmp_path: Path) -> None:
    path, system = file_of(host, tmp_path), a_system(tmp_path)
    original = path.read_bytes()
    ours = installing(system, host, sandbox=False).after
    elsewhere = {member: "https://x.example/mcp", "headers": {"Authorization": "canary"}}
    for entry in (elsewhere, elsewhere | {host.names[0]: "/x"}):
        path.write_bytes(original)
        path.write_bytes(_with(host, path, entry).encode())
        change = installing(system, host, sandbox=False)
        assert (change.overwrites, change.after, change.additions) == (True, ours, [])
        assert "canary" not in change.diff


def _with(host: Host, path: Path, entry: Mapping[str, object]) -> str:

    return parsed(host, path.read_bytes().decode()).with_entry("rememberizer", entry)


@pytest.mark.promise("install:secrets:none")
@EVERY_HOST
def test_a_diff_shows_nobodys_secret(host: Host, tmp_path: Path) -> None:
    path, system = file_of(host, tmp_path), a_system(tmp_path)
    change = installing(system, host, sandbox=False)
    assert change.after is not None
    entry = change.after | {host.names[2]: {"REMEMBERIZER_PASSWORD": "canary-of-ours"}, host.names[1]: ["canary"]}
    path.write_bytes(_with(host, path, entry).encode())
    for diff in (installing(system, host, sandbox=False).diff, uninstalling(system, host, sandbox=False).diff):
        assert "rememberizer" in diff
        assert "REMEMBERIZER_PASSWORD" in diff
        assert "canary" not in diff


@EVERY_HOST
def test_nothing_changes_where_we_never_stood(host: Host, tmp_path: Path) -> None:
    file_of(host, tmp_path)
    assert not uninstalling(a_system(tmp_path), host, sandbox=False).is_needed


@pytest.mark.promise("install:file:nothing-else-changed")
@EVERY_HOST
def test_a_file_is_made_where_the_host_has_none_yet(host: Host, tmp_path: Path) -> None:
    system = a_system(tmp_path)
    change = installing(system, host, sandbox=False)
    change.make()
    path = host.path(system)
    assert held(host, path.read_text(encoding="utf-8"))[host.key] == {"rememberizer": change.after}
    assert path.stat().st_mode & 0o777 == 0o600
    assert not change.backup.exists()
    uninstalling(system, host, sandbox=False).make()
    assert held(host, path.read_text(encoding="utf-8"))[host.key] == {}
