"""The command line, as a person and as a host use it."""

import itertools
import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from rememberizer_mcp.server import __version__
from rememberizer_mcp.server.cli.commands import main
from rememberizer_mcp.server.sandbox.config import SANDBOX_CAPTCHA

from tests.support.agent import ADA
from tests.support.process import SERVE, clean_environment, modern, running

SECRET = "canary-of-the-settings"


@pytest.fixture(autouse=True)
def runtime(tmp_path: Path) -> Path:
    """A runtime directory of the test's own, so that no other sandbox is found."""
    os.environ["XDG_RUNTIME_DIR"] = str(tmp_path)
    return tmp_path


def invoke(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(main, arguments)
    return result.exit_code, result.output


@pytest.mark.traced
@pytest.mark.promise("settings:unusable:named-at-once", "upstream:tls:no-plain-http", "settings:secrets:never-shown")
def test_unusable_settings_are_named_all_at_once_with_exit_code_2(tmp_path: Path) -> None:
    environment = clean_environment(
        BASE_URL="http://api.example.org/", PASSWORD=SECRET, CAPTCHA_FILE=str(tmp_path / "none"),
        TIMEOUT_SECONDS="soon", LOG_LEVEL="loud", SESSION_HOURS="0", SECRET_ARGUMENTS="perhaps",
    )  # fmt: skip
    done = subprocess.run(SERVE, env=environment, input=b"", capture_output=True, timeout=20, check=False)
    assert done.returncode == 2
    assert done.stdout == b""
    said = done.stderr.decode()
    for name in ("BASE_URL: must begin with https://", "PASSWORD: needs REMEMBERIZER_EMAIL", "CAPTCHA_FILE names",
                 "TIMEOUT_SECONDS", "LOG_LEVEL", "SESSION_HOURS", "SECRET_ARGUMENTS"):  # fmt: skip
        assert f"REMEMBERIZER_{name}" in said
    assert SECRET not in said
    assert "Traceback" not in said


@pytest.mark.traced
@pytest.mark.promise("settings:values:has-an-effect")
def test_a_setting_that_nothing_reads_is_pointed_out() -> None:
    with running(environment=clean_environment(PASSWROD=SECRET, MAX_SESSIONS=SECRET)) as process:
        process.ask(modern(1, "tools/call", name="session_status", arguments={}))
        *_, noise = process.end_input()
    assert b"REMEMBERIZER_PASSWROD is no setting of this version and is ignored" in noise
    assert b"REMEMBERIZER_MAX_SESSIONS is no setting of this version and is ignored" in noise
    assert SECRET.encode() not in noise


@pytest.mark.promise("settings:secrets:never-argv")
def test_no_command_takes_a_secret_as_an_argument() -> None:
    names = {name for command in _commands(main) for each in command.params for name in each.opts}
    assert "--sandbox" in names
    assert not [name for name in names if re.search("pass|secret|token|captcha|code|key|email|cookie", name)]


def _commands(command: click.Command) -> Iterator[click.Command]:
    yield command
    if isinstance(command, click.Group):
        for each in command.commands.values():
            yield from _commands(each)


def test_help_names_the_commands_and_fits_80_columns() -> None:
    code, said = invoke("--help")
    assert code == 0
    for command in ("demo", "sandbox", "serve"):
        assert command in said
    assert max(map(len, said.splitlines())) <= 80


def test_the_version_is_the_packages() -> None:
    assert invoke("--version") == (0, f"{__version__}\n")


@pytest.mark.traced
@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--access-seconds", "60"), "The sandbox's options need --sandbox."),
        (("serve", "--variant", "captcha=off"), "The sandbox's options need --sandbox."),
        (("--sandbox", "demo"), "These options go behind the command"),
        (("--data", "x", "serve"), "These options go behind the command"),
        (("--sandbox", "--variant", "nonsense"), "nonsense"),
        (("sandbox", "--variant", "captcha=perhaps"), "captcha"),
        (("demo", "--variant", "captcha=perhaps"), "captcha"),
        (("--sandbox", "--access-seconds", "0"), "0"),
        (("unknown",), "unknown"),
    ],
)
def test_unusable_options_are_refused_with_a_sentence(arguments: tuple[str, ...], sentence: str) -> None:
    done = subprocess.run([*SERVE, *arguments], input=b"", capture_output=True, timeout=20, check=False)
    assert (done.returncode, done.stdout) == (2, b"")
    assert sentence in done.stderr.decode()
    assert "Traceback" not in done.stderr.decode()


@pytest.mark.parametrize("front", [(), ("serve",)])
def test_both_ways_to_serve_are_the_same(front: tuple[str, ...]) -> None:
    with running(*front, "--sandbox", "--variant", "captcha=off", "--access-seconds", "61") as process:
        arguments = {**ADA, "name": "Ada"}
        answer = process.ask(modern(1, "tools/call", name="signup", arguments=arguments))["result"]
        assert answer["structuredContent"]["state"] == "unverified"


@pytest.mark.promise("sandbox:wire:says-so")
def test_the_mail_of_a_running_sandbox_can_be_read(runtime: Path) -> None:
    assert invoke("sandbox", "outbox")[0] == 1
    with running("--sandbox") as process:
        process.ask(modern(0, "tools/call", name="session_status", arguments={}))
        assert invoke("sandbox", "outbox") == (0, "No mail yet.\n")
        arguments = {**ADA, "captcha": SANDBOX_CAPTCHA}
        process.ask(modern(1, "tools/call", name="signup", arguments=arguments))
        code, said = invoke("sandbox", "outbox")
        assert code == 0
        assert f"to {ADA['email']}" in said
        shown = json.loads(invoke("sandbox", "outbox", "--json")[1])
        (letter,), (key,) = shown["letters"], shown["api_keys"]
        assert letter["code"] in said
        assert f"API key of {ADA['email']} for account 1: {key['key']}" in said
        process.end_input()
    assert not list(runtime.rglob("*.json"))


@pytest.mark.promise("sandbox:data:file")
def test_an_account_in_a_data_file_outlives_the_server(tmp_path: Path) -> None:
    options = ("--sandbox", "--data", str(tmp_path / "accounts.db"), "--variant", "captcha=off")
    with running(*options) as process:
        process.ask(modern(1, "tools/call", name="signup", arguments=ADA))
        process.end_input()
    with running(*options) as process:
        answer = process.ask(modern(1, "tools/call", name="login", arguments=ADA))["result"]
        assert answer["structuredContent"]["state"] == "unverified"


@pytest.mark.parametrize("numbers", list(itertools.permutations((signal.SIGTERM, signal.SIGINT))))
def test_the_sandbox_says_where_it_is_and_ends_at_a_signal_and_those_that_follow(
    numbers: tuple[signal.Signals, ...],
) -> None:
    popen = subprocess.Popen([*SERVE, "sandbox", "--port", "0"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        assert popen.stdout is not None
        said = b""
        while b"Ctrl-C" not in said:
            line = popen.stdout.readline()
            assert line, "the sandbox ended early"
            said += line
        signals = itertools.cycle(numbers)
        while popen.poll() is None:
            popen.send_signal(next(signals))
            with suppress(subprocess.TimeoutExpired):
                popen.wait(timeout=0.01)
        rest, noise = popen.communicate(timeout=20)
    finally:
        popen.kill()
        popen.wait(timeout=20)
    assert re.search(rb"http://127\.0\.0\.1:\d+/api/v1/", said)
    assert (popen.returncode, rest, noise) == (0, b"", b"")


@pytest.mark.traced
def test_a_port_in_use_is_a_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = subprocess.run([*SERVE, "sandbox", "--port", port], capture_output=True, timeout=20, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith(b"Error: ")
    assert b"Traceback" not in done.stderr


@pytest.mark.parametrize("command", ["--sandbox", "serve --sandbox", "demo", "sandbox"])
def test_a_data_file_that_is_none_is_refused_with_a_sentence(command: str, tmp_path: Path) -> None:
    (tmp_path / "text").write_text("this is no database, and long enough to be looked at" * 50)
    done = subprocess.run(
        [*SERVE, *command.split(), "--data", str(tmp_path / "text")],
        input=b"", capture_output=True, timeout=20, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (2, b"")
    assert b"The sandbox can't keep its data in " in done.stderr
    assert b"Traceback" not in done.stderr


def test_a_runtime_directory_that_is_not_ours_is_a_sentence(runtime: Path) -> None:
    (runtime / "rememberizer-mcp").symlink_to(runtime / "elsewhere")
    done = subprocess.run([*SERVE, "sandbox", "outbox"], capture_output=True, timeout=20, check=False)
    assert (done.returncode, done.stdout) == (1, b"")
    assert b"must be a directory of your own" in done.stderr
    assert b"Traceback" not in done.stderr


def test_the_module_is_the_command() -> None:
    done = subprocess.run([*SERVE, "--version"], capture_output=True, timeout=20, check=True)
    script = Path(sys.executable).parent / "rememberizer-mcp"
    assert done.stdout == subprocess.run([script, "--version"], capture_output=True, timeout=20, check=True).stdout
