"""Commands that are started as a host does: ours, and every kind that does not work."""

import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import pytest
from rememberizer_mcp.server.doctor.entry import Entry, hosts_environ
from rememberizer_mcp.server.doctor.exchange import LEGACY, MODERN, Era, Exchange, Fault, exchange
from rememberizer_mcp.server.doctor.quoting import Quoting
from rememberizer_mcp.server.doctor.report import Finding, Level
from rememberizer_mcp.server.doctor.starts import hosts_start, own_start

from tests.support.marked import is_left, mark
from tests.support.process import SERVE, clean_environment

CANARY = "canary-of-the-host"
INSTALL = "Run `rememberizer-mcp install claude-desktop`. Restart it."
PEER = """
import json, sys
name, fault = sys.argv[1:]
for line in sys.stdin:
    asked = json.loads(line)
    if "id" not in asked:
        continue
    result = {"serverInfo": {"name": name, "version": "9"}, "tools": None}
    if fault == "refuses":
        print(json.dumps({"jsonrpc": "2.0", "id": asked["id"], "error": {"code": 1, "message": "no"}}), flush=True)
        continue
    if fault == "chatters":
        print(json.dumps({"jsonrpc": "2.0", "method": "notifications/message", "params": {}}), flush=True)
    print(json.dumps({"jsonrpc": "2.0", "id": asked["id"], "result": result}), flush=True)
if fault == "unnamed end":
    print("goodbye", flush=True)
if fault == "stays":
    import time
    time.sleep(1.2)
"""
MODERN_PEER = PEER.replace('{"serverInfo": {"name": name, "version": "9"}, "tools": None}', '{"_meta": []}')


def entry(*command: str, **environ: str) -> Entry:
    return Entry(
        title="Claude Desktop", file="/home/ada/claude.json", install="rememberizer-mcp install claude-desktop",
        restart="Restart it.", command=command, environ=environ,
    )  # fmt: skip


async def start(*command: str, era: Era = LEGACY, seconds: float = 15.0, **environ: str) -> Exchange:
    return await exchange(command, era, environ=clean_environment() | environ, folder="/", limit_seconds=seconds)


async def as_host(*command: str, seconds: float = 15.0, **environ: str) -> Finding:
    """What the doctor says of an entry with this command."""
    ours, quoting = entry(*command, **environ), Quoting({})
    quoting.learn(environ=ours.environ, arguments=command[1:])
    inherited = hosts_environ(ours, os.environ, platform="linux")
    seen = await exchange(command, LEGACY, environ=inherited, folder="/", limit_seconds=seconds)
    return hosts_start(seen, ours, quoting=quoting, seconds=seconds)


async def failure_of(*command: str, seconds: float = 15.0, **environ: str) -> tuple[str, str]:
    found = await as_host(*command, seconds=seconds, **environ)
    assert (found.name, found.level) == ("hosts", Level.FAILURE)
    return found.text.removeprefix("Claude Desktop: the command "), f"{found.next_step}"


@pytest.mark.promise("D118", "S31")
@pytest.mark.parametrize("era", [MODERN, LEGACY])
async def test_our_own_command_does_the_handshake_in_both_eras(era: Era) -> None:
    seen = await start(*SERVE, era=era)
    assert (seen.fault, seen.server[:17], seen.code, seen.stderr) == (None, "rememberizer-mcp ", 0, b"")
    assert seen.tools > 0
    assert list(seen.ms) == ["first", "tools", "call", "end"]
    found = own_start(seen, era, quoting=Quoting({}), seconds=15)
    assert (found.name, found.level) == ("stdio", Level.OK)
    assert found.text.startswith(f"MCP {era}: first answer after ")


@pytest.mark.promise("D118")
async def test_a_hosts_entry_is_started_with_what_a_host_hands_on() -> None:
    os.environ |= {"REMEMBERIZER_LOG_LEVEL": "loud", "PYTHONPATH": "/nowhere"}
    found = await as_host(*SERVE, REMEMBERIZER_TOOLSETS="all")
    assert (found.level, found.text[:49]) == (Level.OK, "Claude Desktop: first answer after " + found.text[35:49])
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
    assert hosts_environ(entry("x", X="1"), ours, platform=platform) == kept
    assert hosts_environ(entry("x", PATH="/own"), ours, platform=platform)["PATH"] == "/own"


@pytest.mark.promise("D118")
async def test_a_command_that_is_not_there_is_told_from_one_that_the_path_lacks(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    assert await failure_of(str(gone)) == (f"{gone} does not exist.", INSTALL)
    assert await failure_of("uvx-of-nobody", "rememberizer-mcp") == (
        "`uvx-of-nobody` is not on the short PATH that a host gives.", INSTALL,
    )  # fmt: skip


@pytest.mark.promise("D117", "D118", "S44")
@pytest.mark.parametrize("command", [f"env TOKEN={CANARY} rememberizer-mcp", f"TOKEN={CANARY}", f"/bin/sh {CANARY}"])
async def test_a_program_that_is_more_than_one_is_not_quoted(command: str) -> None:
    said = "does not exist, or holds more than a program: arguments belong into `args`, variables into `env`."
    assert await failure_of(command) == (said, INSTALL)


@pytest.mark.promise("D117", "D118", "S44")
async def test_a_word_of_a_script_does_not_come_back() -> None:
    text, _ = await failure_of("/bin/sh", "-c", f"echo tok {CANARY} >&2; exit 3")
    assert text == "ended with code 3 before it answered. It says: tok [redacted]"


@pytest.mark.promise("D118")
@pytest.mark.parametrize(("text", "mode"), [("#!/bin/sh\n", 0o644), ("no program", 0o755)])
async def test_a_file_that_is_no_program_is_said_to_be_none(text: str, mode: int, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text(text)
    file.chmod(mode)
    assert await failure_of(str(file)) == (f"{file} is nothing that the system may or can run.", INSTALL)


async def test_a_name_that_no_system_takes_is_no_crash() -> None:
    assert (await failure_of("/bin/\0sh"))[0] == "/bin/ sh is nothing that the system may or can run."


@pytest.mark.promise("D118")
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


@pytest.mark.promise("D118")
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


@pytest.mark.promise("D118")
@pytest.mark.parametrize("offline", ["true", "false"])
async def test_a_real_uvx_without_a_network_is_told_to_go_online(offline: str, tmp_path: Path) -> None:
    text, step = await failure_of(
        str(Path(sys.executable).parent / "uvx"), "rememberizer-mcp",
        HOME=str(tmp_path), UV_CACHE_DIR=str(tmp_path / "cache"), UV_NO_CONFIG="1", UV_OFFLINE=offline,
        UV_DEFAULT_INDEX="http://127.0.0.1:1/", UV_HTTP_RETRIES="0", UV_PYTHON=sys.executable,
    )  # fmt: skip
    assert "before it answered. It says: " in text
    assert step.startswith("It needs the network to be installed")


@pytest.mark.promise("D118")
async def test_unusable_settings_of_an_entry_are_named_with_their_file() -> None:
    text, step = await failure_of(*SERVE, REMEMBERIZER_LOG_LEVEL="loud")
    assert "REMEMBERIZER_LOG_LEVEL: must be `debug`, `info`, `warning` or `error`" in text
    assert step == "Correct them in /home/ada/claude.json. Restart it."


@pytest.mark.promise("D118", "D119")
async def test_a_command_that_hangs_is_ended_with_all_that_it_started() -> None:
    begun = time.monotonic()
    stays = mark(3)
    text, step = await failure_of("/bin/sh", "-c", f"sleep {stays} & sleep {stays}", seconds=0.5)
    assert time.monotonic() - begun < 10
    assert text == "did not answer the handshake within 0 s."
    assert step.startswith("Try again")
    assert not is_left(stays)


@pytest.mark.promise("D118", "S31")
@pytest.mark.parametrize(
    ("script", "noise"),
    [
        ("echo 'Welcome, ada'; cat", "[redacted] ada"),
        ("echo; cat", "a blank line"),
        ("echo '[]'; cat", "[]"),
        ("echo '{}'; cat", "{}"),
        ("printf 'no end'", "no end"),
        ("printf '\\033[31mred\\a'", "[31mred"),
        ("head -c 2100000 /dev/zero | tr '\\0' x", "x" * 20),
        ("printf '[%.0s' $(seq 100000); echo", "[" * 20),
    ],
)
async def test_whatever_is_no_line_of_the_protocol_is_noise(script: str, noise: str) -> None:
    text, step = await failure_of("/bin/sh", "-c", script)
    said = text.removeprefix("wrote to stdout what is not of the protocol: ")
    assert said.startswith(noise)
    assert len(said) <= 300
    assert said.isprintable()
    assert "stderr" in step


async def test_a_command_that_never_stops_talking_is_noise() -> None:
    line = '{"jsonrpc": "2.0", "method": "notifications/message"}'
    text, _ = await failure_of("/bin/sh", "-c", f"yes '{line}'")
    assert text.startswith("wrote to stdout what is not of the protocol")


async def peer(name: str, fault: str, *, program: str = PEER, era: Era = LEGACY) -> Exchange:
    return await start(sys.executable, "-c", program, name, fault, era=era)


def judged(seen: Exchange) -> Finding:
    return hosts_start(seen, entry("x"), quoting=Quoting({}), seconds=5)


@pytest.mark.promise("D118")
async def test_another_server_under_our_name_is_a_warning() -> None:
    found = judged(await peer("other\033[31m", "chatters"))
    assert (found.level, found.text) == (
        Level.WARNING, "Claude Desktop: under our name stands another server, other [31m 9.",
    )  # fmt: skip
    nameless = judged(await peer("", "", program=MODERN_PEER, era=MODERN))
    assert nameless.text.endswith("another server, without a name.")


@pytest.mark.promise("D118")
async def test_a_refused_handshake_is_a_failure() -> None:
    seen = await peer("rememberizer-mcp", "refuses")
    assert seen.fault is Fault.ERROR
    assert judged(seen).text == "Claude Desktop: the command answered the handshake with an error."


@pytest.mark.promise("D118", "S31")
async def test_words_after_the_end_of_input_are_noise_too() -> None:
    seen = await peer("rememberizer-mcp", "unnamed end")
    assert (seen.fault, seen.noise) == (Fault.NOISE, b"goodbye")


@pytest.mark.promise("D118", "S31")
async def test_a_command_that_outlives_its_input_is_a_warning() -> None:
    found = judged(await peer("rememberizer-mcp", "stays"))
    assert found.level is Level.WARNING
    assert found.text.endswith("It did not end within a second of the end of its input.")


def test_how_far_a_silent_command_came_is_said() -> None:
    for ms, stage in (({}, "the handshake"), ({"first": 1.0}, "tools/list"), ({"first": 1.0, "tools": 1.0}, "a call")):
        seen = Exchange(fault=Fault.SILENT, ms=dict(ms), stderr=b"loading")
        found = own_start(seen, LEGACY, quoting=Quoting({}), seconds=9)
        assert found.text == f"MCP {LEGACY}: the server did not answer {stage} within 9 s. It says: loading"


async def test_only_the_end_of_a_long_log_is_kept_and_no_half_line() -> None:
    script = "i=0; while [ $i -lt 9000 ]; do echo 0123456789 $i; i=$((i+1)); done >&2; exit 1"
    seen = await start("/bin/sh", "-c", script)
    assert len(seen.stderr) <= 65_536
    assert seen.stderr.startswith(b"0123456789 ")
    assert seen.stderr.endswith(b" 8999\n")
    assert (await start("/bin/sh", "-c", "head -c 100000 /dev/zero >&2; exit 1")).stderr == b""


@pytest.mark.promise("D117", "S44")
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
