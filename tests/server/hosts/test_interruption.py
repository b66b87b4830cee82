"""Who is told to end, ends as by Ctrl-C: install and uninstall leave nothing behind, whenever it comes."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from rememberizer_mcp.server.hosts.interruption import ending_as_interrupted
from rememberizer_mcp.server.hosts.table import HOSTS

from tests.support.systems import a_system
from tests.support.tiers import matrix

ORIGINAL = '{"servers": {"a": {}}}'
CHILD = """
import os, signal, sys
folder, count, number = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
ignored, sys.argv[1:] = sys.argv[4], sys.argv[5:]
# Whoever runs the tests may ignore it, as nohup does, and the background of a script.
signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
if ignored:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
def heard(event, arguments):
    global count
    if folder in repr(arguments):
        count -= 1
        if count == -1 or (count == -2 and number != signal.SIGINT):
            os.kill(os.getpid(), number)
heard.__cantrace__ = True  # for the coverage of what the signal calls
from rememberizer_mcp.server.__main__ import main
sys.addaudithook(heard)
main()
"""
"""Sends itself a signal, and again if it is not Ctrl-C, as it is about to do something with a file in the folder."""


TOLD = [(signal.SIGTERM, ""), (signal.SIGHUP, ""), (signal.SIGINT, ""), (signal.SIGTERM, "SIGINT")]
CASES = {
    f"{command} {number.name}{' without ' * bool(ignored)}{ignored}": (command, number, ignored)
    for command in ("install", "uninstall")
    for number, ignored in TOLD
}


def told_to_end(home: Path, number: signal.Signals, command: str, *, after: int, ignored: str) -> int:
    folder = str(HOSTS["vscode"].path(a_system(home)).parent)
    environ = os.environ | {"HOME": str(home / "home")}
    environ.pop("XDG_CONFIG_HOME", None)
    child = [sys.executable, "-c", CHILD, folder, str(after), str(int(number)), ignored, command, "vscode"]
    return subprocess.run(child, env=environ, capture_output=True, timeout=60, check=False).returncode


@pytest.mark.promise("install:file:replaced-at-once")
@pytest.mark.parametrize(("command", "number", "ignored"), matrix(CASES, usual=["install SIGTERM", "uninstall SIGINT"]))
def test_a_file_is_whole_and_alone_whenever_we_are_told_to_end(
    command: str, number: signal.Signals, ignored: str, tmp_path: Path
) -> None:
    path = HOSTS["vscode"].path(a_system(tmp_path))
    path.parent.mkdir(parents=True)
    path.write_text(ORIGINAL, encoding="utf-8")
    if command == "uninstall":
        assert told_to_end(tmp_path, number, "install", after=1000, ignored=ignored) == 0
    before = path.read_bytes()
    code, after = 1, 0
    while code:
        path.write_bytes(before)
        code = told_to_end(tmp_path, number, command, after=after, ignored=ignored)
        assert code in (0, 1)
        names = {each.name.removeprefix("mcp.json") for each in path.parent.iterdir()}
        assert names <= {"", ".before-rememberizer", ".rememberizer-undo"}
        assert (path.read_bytes() == before) or (b"rememberizer" in path.read_bytes()) == (command == "install")
        after += 1
    assert after > 5
    assert path.read_bytes() != before


@pytest.mark.promise("install:file:replaced-at-once")
@pytest.mark.parametrize("ctrl_c", [signal.default_int_handler, signal.SIG_IGN], ids=["taken", "ignored"])
def test_who_is_told_to_end_is_interrupted_whether_or_not_ctrl_c_reaches_them(ctrl_c: Any) -> None:
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        signal.signal(signal.SIGINT, ctrl_c)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        with pytest.raises(KeyboardInterrupt), ending_as_interrupted():
            signal.raise_signal(signal.SIGTERM)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
