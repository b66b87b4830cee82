"""``install`` and ``uninstall`` on homes and files that are not as one expects."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from click.testing import CliRunner
from rememberizer_mcp.server.cli.commands import main
from rememberizer_mcp.server.doctor.entries import entries
from rememberizer_mcp.server.doctor.report import Finding
from rememberizer_mcp.server.hosts.system import this_system

from tests.support.secret_service import bare_environment

OURS = str(Path(sys.executable).with_name("rememberizer-mcp"))

UNSET = dict.fromkeys(("XDG_CONFIG_HOME", "CODEX_HOME", "GOOSE_PATH_ROOT"))


def invoke(home: Path | str, *arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(main, arguments, env=UNSET | {"HOME": str(home)})
    return result.exit_code, result.output


def test_an_entry_that_is_switched_off_is_said_to_be(tmp_path: Path) -> None:
    file = tmp_path / ".codex" / "config.toml"
    invoke(tmp_path, "install", "codex")
    told = "It is switched off there (`enabled`): set `enabled` to `true` to switch it on."
    file.write_text(file.read_text().replace("command", "enabled = false\ncommand"))
    assert invoke(tmp_path, "install", "codex") == (0, f"Codex has `rememberizer` already, in {file}.\n{told}\n")
    file.write_text(file.read_text().replace("enabled = false", "enabled = true"))
    assert "switched off" not in invoke(tmp_path, "install", "codex")[1]


def test_an_entry_that_stays_switched_off_when_it_is_replaced_is_said_to_be(tmp_path: Path) -> None:
    file = tmp_path / ".cursor" / "mcp.json"
    file.parent.mkdir()
    file.write_text(
        json.dumps({"mcpServers": {"rememberizer": {"command": "/old/rememberizer-mcp", "disabled": True}}})
    )
    code, said = invoke(tmp_path, "install", "cursor", "--yes")
    assert (code, said.splitlines()[3]) == (
        0,
        "It is switched off there (`disabled`): set `disabled` to `false` to switch it on.",
    )


@pytest.mark.parametrize("name", ["codex", "goose", "cursor"])
def test_the_switch_of_a_new_entry_is_on(name: str, tmp_path: Path) -> None:
    assert "switched off" not in invoke(tmp_path, "install", name)[1]


@pytest.mark.parametrize("more", [(), ("--dry-run",)], ids=["written", "shown"])
def test_a_path_that_the_output_can_not_spell_is_written_by_numbers(more: tuple[str, ...], tmp_path: Path) -> None:
    home = tmp_path / "\u0141ukasz"
    home.mkdir()
    done = subprocess.run(
        [OURS, "install", "cursor", *more], env=bare_environment(home) | {"PYTHONIOENCODING": "cp1252"},
        capture_output=True, timeout=60, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, b"")
    assert rb"\u0141ukasz" in done.stdout


def test_an_output_that_is_closed_is_no_crash(tmp_path: Path) -> None:
    done = subprocess.run(
        ["/bin/sh", "-c", '"$0" install json >&-', OURS], env=bare_environment(tmp_path),
        capture_output=True, timeout=60, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


NO_HOME = "Error: The home folder that HOME names is no absolute path.\n"


@pytest.mark.parametrize("command", ["install", "uninstall"])
def test_an_empty_home_is_none(command: str) -> None:
    assert invoke("", command, "cursor", "--dry-run") == (1, NO_HOME)


def test_an_empty_home_is_none_to_the_doctor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "")
    (row,) = entries(this_system)
    assert isinstance(row, Finding)
    assert row.text == "Not looked at: no home folder is known."


def pressed(key: bytes, terminal: int, process: "subprocess.Popen[bytes]") -> int:
    """The exit code. A Ctrl-C just before Python's readline begins to wait is seen with the next key only."""
    left = 30
    while process.poll() is None and left:
        left -= 1
        os.write(terminal, key)
        with suppress(subprocess.TimeoutExpired):
            process.wait(2)
    process.kill()  # nothing, where it has ended
    return process.wait()


@pytest.mark.promise("install:entry:overwritten-if-wanted")
@pytest.mark.parametrize("typed", [b"\x03", b"\x04"], ids=["Ctrl-C", "Ctrl-D"])
def test_who_breaks_the_question_off_is_told_so_and_the_entry_stays(typed: bytes, tmp_path: Path) -> None:
    """At a terminal of its own, which turns the key into what the process sees."""
    file = tmp_path / ".cursor" / "mcp.json"
    file.parent.mkdir()
    file.write_text('{"mcpServers": {"rememberizer": {"command": "/other"}}}')
    before = file.read_bytes()
    ours, theirs = os.openpty()
    # Whoever runs the tests may ignore Ctrl-C, as the background of a script does.
    script = "import os, signal as s, sys; s.signal(2, s.SIG_DFL); os.login_tty(0); os.execv(sys.argv[1], sys.argv[1:])"
    with subprocess.Popen(
        [sys.executable, "-c", script, OURS, "install", "cursor"], stdin=theirs, env=bare_environment(tmp_path),
        start_new_session=True,
    ) as process:  # fmt: skip
        os.close(theirs)
        said = b""
        while not said.endswith(b"[y/N]: "):
            said += os.read(ours, 1024)
        code = pressed(typed, ours, process)
    rest = os.read(ours, 1024)
    os.close(ours)
    assert (code, rest.rstrip()[-8:]) == (1, b"Aborted!")
    assert b"Error" not in rest
    assert file.read_bytes() == before


@pytest.mark.promise("install:file:replaced-at-once")
@pytest.mark.parametrize("command", ["install", "uninstall"])
@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda path: path.mkdir(), "is no file"),
        (lambda path: path.write_bytes(b"\xff\xfe"), "is not UTF-8 text"),
        (lambda path: path.symlink_to("none"), "is a link that leads nowhere"),
        (lambda path: path.symlink_to(path.name), "can't be read: its links go in a circle"),
    ],
    ids=["folder", "binary", "nowhere", "circle"],
)
def test_a_file_that_cannot_be_read_is_said_to_be_left_alone(
    make: Callable[[Path], object], text: str, command: str, tmp_path: Path
) -> None:
    file = tmp_path / ".cursor" / "mcp.json"
    file.parent.mkdir()
    make(file)
    assert invoke(tmp_path, command, "cursor") == (1, f"Error: {file} {text}; it was left alone.\n")


@pytest.mark.promise("install:file:replaced-at-once")
@pytest.mark.parametrize("command", ["install", "uninstall"])
def test_a_file_that_is_write_protected_is_left_alone(command: str, tmp_path: Path) -> None:
    """By its mode, since root may write any file; in a folder that may be written, it could be replaced."""
    file = tmp_path / ".cursor" / "mcp.json"
    invoke(tmp_path, "install", "cursor", "--sandbox")
    before = file.read_bytes()
    file.chmod(0o400)
    text = f"Error: {file} is write-protected; it was left alone. Make it writable, and run this again.\n"
    words = (command, "cursor", *(["--sandbox"] * (command == "uninstall")))
    assert invoke(tmp_path, *words) == (1, text)
    code, said = invoke(tmp_path, *words, "--dry-run")
    assert (code, said.startswith("--- "), said.endswith(text)) == (1, True, True)
    assert [each.name for each in file.parent.iterdir()] == ["mcp.json"]
    assert file.read_bytes() == before
    assert invoke(tmp_path, "install", "cursor", "--sandbox")[0] == 0


@pytest.mark.promise("install:file:replaced-at-once")
def test_nobody_is_asked_whether_a_write_protected_file_may_be_overwritten(tmp_path: Path) -> None:
    file = tmp_path / ".cursor" / "mcp.json"
    file.parent.mkdir()
    file.write_text(json.dumps({"mcpServers": {"rememberizer": {"command": "/old"}}}))
    file.chmod(0o400)
    code, said = invoke(tmp_path, "install", "cursor")
    assert (code, said.count("\n"), "is write-protected" in said) == (1, 1, True)


def test_an_unknown_host_is_answered_with_those_that_there_are(tmp_path: Path) -> None:
    """In lines of 80 columns; it was one of 140."""
    names = "  claude-desktop, claude-code, cursor, vscode, codex, gemini-cli, goose"
    code, said = invoke(tmp_path, "install", "emacs")
    assert code == 2
    assert said.splitlines()[-3:] == [
        "Error: Invalid value for 'HOST': 'emacs' is none of these:",
        f"{names}, json",
        "  `json` prints the block for any other host.",
    ]
    code, said = invoke(tmp_path, "uninstall", "\x1b]0;x")
    assert (code, said.splitlines()[-2:]) == (
        2,
        ["Error: Invalid value for 'HOST': '\\x1b]0;x' is none of these:", names],
    )


@pytest.mark.parametrize("typed", ["x" * 3000, "\x1b" * 3000])
def test_of_a_long_word_for_a_host_only_the_beginning_is_shown(typed: str, tmp_path: Path) -> None:
    line = invoke(tmp_path, "install", typed)[1].splitlines()[-3]
    assert line.startswith(f"Error: Invalid value for 'HOST': {repr(typed)[:20]}")
    assert line.endswith("... is none of these:")
    assert len(line) <= 80
