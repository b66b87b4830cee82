"""The server as a person starts it, on a terminal."""

import os
import pty
import subprocess
from pathlib import Path

import pytest

from tests.support.process import LONGEST_SECONDS, SERVE, clean_environment, modern, running


@pytest.mark.traced
@pytest.mark.promise("cli:terminal:spoken-to")
@pytest.mark.parametrize("arguments", [(), ("serve", "--sandbox")])
def test_on_a_terminal_the_server_says_what_it_waits_for_and_which_commands_help(
    arguments: tuple[str, ...], tmp_path: Path
) -> None:
    ours, theirs = pty.openpty()
    environment = clean_environment() | {"XDG_RUNTIME_DIR": str(tmp_path)}
    command = [*SERVE, *arguments]
    with subprocess.Popen(
        command, env=environment, stdin=theirs, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as popen:
        os.close(theirs)
        assert popen.stderr is not None
        first, *more = [popen.stderr.readline().decode().strip() for _ in range(4)]
        os.write(ours, b"\x04")  # Ctrl-D
        rest = popen.communicate(timeout=LONGEST_SECONDS)
    os.close(ours)
    assert first == "This is an MCP server. It waits for the messages of a host on this terminal; Ctrl-C ends it."
    commands = ("demo", "install claude-desktop", "doctor")
    assert all(line.endswith(command) for line, command in zip(more, commands, strict=True))
    assert (*rest, popen.returncode) == (b"", b"", 0)


@pytest.mark.promise("cli:terminal:spoken-to")
def test_in_a_pipe_it_says_nothing() -> None:
    with running() as server:
        server.ask(modern(1, "tools/call", name="session_status", arguments={}))
        _, code, out, said = server.end_input()
    assert (code, out, said) == (0, b"", b"")
