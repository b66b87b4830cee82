"""Commands that are started as a host does: ours, and those that never come to speak."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from rememberizer_mcp.server.doctor.exchange import LEGACY, MODERN, Era

from tests.server.doctor.starting import OWN, as_host, entry, failure_of, start, told
from tests.support.process import SERVE

CANARY = "canary-of-the-host"
INSTALL = "Run `rememberizer-mcp install claude-desktop`. Restart it."


@pytest.mark.promise("doctor:looks:commands", "process:stdout:protocol-only")
@pytest.mark.parametrize("era", [MODERN, LEGACY])
async def test_our_own_command_does_the_handshake_in_both_eras(era: Era) -> None:
    seen = await start(*SERVE, era=era)
    assert (seen.fault, seen.server[:17], seen.code, seen.stderr) == (None, "rememberizer-mcp ", 0, b"")
    assert seen.tools > 0
    assert list(seen.ms) == ["first", "tools", "call", "end"]
    found = told(seen, OWN)
    assert (found.name, found.level) == ("stdio", "ok")
    assert found.text.startswith(f"MCP {LEGACY}: first answer after ")


@pytest.mark.promise("doctor:looks:commands")
async def test_a_hosts_entry_is_started_with_what_a_host_hands_on() -> None:
    os.environ |= {"REMEMBERIZER_LOG_LEVEL": "loud", "PYTHONPATH": "/nowhere"}
    found = await as_host(*SERVE, REMEMBERIZER_TOOLSETS="all")
    assert (found.level, found.text[:49]) == ("ok", "Claude Desktop: first answer after " + found.text[35:49])
    assert " 31 tools, nothing else on stdout." in found.text


@pytest.mark.parametrize(
    ("platform", "kept"),
    [
        ("linux", {"HOME": "/home/ada", "PATH": "/usr/local/bin:/usr/bin:/bin", "X": "1"}),
        ("darwin", {"HOME": "/home/ada", "PATH": "/usr/bin:/bin:/usr/sbin:/sbin", "X": "1"}),
        ("win32", {"APPDATA": "roaming", "PATH": "/long", "X": "1"}),
    ],
)
def test_each_system_has_its_own_bare_environment(platform: str, kept: Mapping[str, str]) -> None:
    ours = {"HOME": "/home/ada", "APPDATA": "roaming", "PATH": "/long", "REMEMBERIZER_PASSWORD": CANARY}
    assert entry("x", X="1").started_with(ours, platform) == kept
    assert entry("x", PATH="/own").started_with(ours, platform)["PATH"] == "/own"


@pytest.mark.promise("doctor:looks:commands")
async def test_a_command_that_is_not_there_is_told_from_one_that_the_path_lacks(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    assert await failure_of(str(gone)) == (f"{gone} does not exist.", INSTALL)
    assert await failure_of("uvx-of-nobody", "rememberizer-mcp") == (
        "`uvx-of-nobody` is not on the short PATH that a host gives.", INSTALL,
    )  # fmt: skip


@pytest.mark.promise("doctor:safe:only-reads", "doctor:looks:commands", "settings:secrets:never-shown")
@pytest.mark.parametrize("command", [f"env TOKEN={CANARY} rememberizer-mcp", f"TOKEN={CANARY}", f"/bin/sh {CANARY}"])
async def test_a_program_that_is_more_than_one_is_not_quoted(command: str) -> None:
    said = "does not exist, or holds more than a program: arguments and variables have members of their own."
    assert await failure_of(command) == (said, INSTALL)


@pytest.mark.promise("doctor:safe:only-reads", "doctor:looks:commands", "settings:secrets:never-shown")
async def test_a_word_of_a_script_does_not_come_back() -> None:
    text, _ = await failure_of("/bin/sh", "-c", f"echo tok {CANARY} >&2; exit 3")
    assert text == "ended with code 3 before it answered. It says: tok [redacted]"


@pytest.mark.promise("doctor:looks:commands")
@pytest.mark.parametrize(("text", "mode"), [("#!/bin/sh\n", 0o644), ("no program", 0o755)])
async def test_a_file_that_is_no_program_is_said_to_be_none(text: str, mode: int, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text(text)
    file.chmod(mode)
    assert await failure_of(str(file)) == (f"{file} is nothing that the system may or can run.", INSTALL)


@pytest.mark.promise("doctor:looks:commands")
@pytest.mark.parametrize(
    ("command", "variables"),
    [
        (["/bin/\0sh"], {}),
        (["/bin/sh", "-c", "\0"], {}),
        ([*SERVE], {"HTTPS_PROXY=http://p:1": ""}),
        ([*SERVE], {"X": "\0"}),
        ([*SERVE], {"X": "\ud800"}),
    ],
)
async def test_what_no_system_takes_is_looked_for_where_it_can_stand(
    command: list[str], variables: dict[str, Any]
) -> None:
    text, step = await failure_of(*command, **variables)
    assert text.startswith("can't be started: a NUL character or half a surrogate pair stands in it")
    assert step == "Correct them in /home/ada/claude.json. Restart it."


@pytest.mark.promise("doctor:looks:commands")
@pytest.mark.parametrize(
    ("script", "text"),
    [
        ("exit 3", "ended with code 3 before it answered."),
        ("echo one >&2; echo two >&2; exit 1", "ended with code 1 before it answered. It says: one two"),
        ("read line; exit 0", "ended with code 0 before it answered."),
        ("exec 1>&-; sleep 30", "ended before it answered."),
    ],
)
async def test_a_command_that_ends_says_with_which_words(script: str, text: str) -> None:
    assert await failure_of("/bin/sh", "-c", script) == (text, INSTALL)


@pytest.mark.promise("doctor:looks:commands")
@pytest.mark.parametrize(
    ("words", "step"),
    [
        ("error: Failed to fetch: the index; dns error", "It needs the network to be installed"),
        ("error: Failed to fetch; cause: invalid peer certificate: UnknownIssuer", "It does not trust the certificate"),
        ("  x No solution found when resolving tool dependencies", "The package was not found"),
    ],
)
async def test_a_runner_that_can_not_install_us_has_its_own_next_step(words: str, step: str) -> None:
    _, said = await failure_of("/bin/sh", "-c", f"echo '{words}' >&2; exit 2")
    assert said.startswith(step)


@pytest.mark.promise("doctor:looks:commands")
@pytest.mark.parametrize("offline", ["true", "false"])
async def test_a_real_uvx_without_a_network_is_told_to_go_online(offline: str, tmp_path: Path) -> None:
    text, step = await failure_of(
        str(Path(sys.executable).parent / "uvx"), "rememberizer-mcp",
        HOME=str(tmp_path), UV_CACHE_DIR=str(tmp_path / "cache"), UV_NO_CONFIG="1", UV_OFFLINE=offline,
        UV_DEFAULT_INDEX="http://127.0.0.1:1/", UV_HTTP_RETRIES="0", UV_PYTHON=sys.executable,
    )  # fmt: skip
    assert "before it answered. It says: " in text
    assert step.startswith("It needs the network to be installed")


@pytest.mark.promise("doctor:looks:commands")
async def test_unusable_settings_of_an_entry_are_named_with_their_file() -> None:
    text, step = await failure_of(*SERVE, REMEMBERIZER_LOG_LEVEL="loud")
    assert "REMEMBERIZER_LOG_LEVEL: must be `debug`, `info`, `warning` or `error`" in text
    assert step == "Correct them in /home/ada/claude.json. Restart it."


@pytest.mark.promise("doctor:safe:only-reads", "settings:secrets:never-shown")
async def test_no_secret_of_an_entry_comes_back_in_its_words(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(f"{CANARY}-file\n")
    script = f'echo "$0 $1 $TOKEN $HOOK"; cat {tmp_path}/secret >&2; echo "$0 $1 $2 $TOKEN" >&2; env >&2; exit 1'
    for stream in ("", "exec >&2; "):
        found = await as_host(
            "/bin/sh", "-c", stream + script, f"--key={CANARY}-one", f"{CANARY}-two", CANARY,
            TOKEN=f"{CANARY}-three", HOOK=f"https://ada:{CANARY}@example.org/?{CANARY}-four",
            REMEMBERIZER_PASSWORD_FILE=str(tmp_path / "secret"), LINES=f"first\n{CANARY}-five",
        )  # fmt: skip
        assert CANARY not in f"{found} {found.as_dict()}"
        assert "[redacted]" in str(found)
