"""The server as a process: what is on stdout, and how it ends."""

import itertools
import json
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.agent import ADA
from tests.support.process import SHORTEST_WAIT_SECONDS, Process, clean_environment, initialize, legacy, modern, running
from tests.support.tiers import matrix

HANGING = (sys.executable, "-m", "tests.support")
MORE_THAN_A_PIPE_HOLDS = 900
"""Lines of the log; a pipe of 64 KB is full after some 700."""
ENDS = ("end of input", "SIGTERM")
IN_FLIGHT = {f"{how}-{kind}": (kind, how) for how in ENDS for kind in ("wait", "block", "shield", "stall")}
USUAL_IN_FLIGHT = ["SIGTERM-wait", "end of input-block", "SIGTERM-shield", "end of input-stall"]
NOWHERE = {"BASE_URL": "http://127.0.0.1:9/api/v1/"}


def wait_until_begun(process: Process) -> None:
    """The tool says so on stderr, which is unbuffered there."""
    assert process.popen.stderr is not None
    assert process.popen.stderr.readline() == b"begun\n"


@pytest.mark.promise("tools:list:no-network", "process:stdout:protocol-only")
def test_a_2025_host_gets_its_lists_without_network_or_credentials() -> None:
    with running(environment=clean_environment(**NOWHERE)) as process:
        answer = process.ask(initialize())["result"]
        assert (answer["protocolVersion"], answer["serverInfo"]["name"]) == ("2025-11-25", "rememberizer-mcp")
        process.send({"jsonrpc": "2.0", "method": "notifications/initialized"})
        assert len(process.ask(legacy(1, "tools/list"))["result"]["tools"]) == 14
        took, code, rest, noise = process.end_input()
    assert took < SHORTEST_WAIT_SECONDS
    assert (code, rest, noise) == (0, b"", b"")


@pytest.mark.promise("tools:list:no-network", "process:stdout:protocol-only", "tools:list:cacheable")
def test_a_2026_host_gets_its_lists_without_network_or_credentials() -> None:
    with running(environment=clean_environment(**NOWHERE)) as process:
        discovered = process.ask(modern(1, "server/discover"))["result"]
        assert discovered["supportedVersions"] == ["2026-07-28"]
        tools = process.ask(modern(2, "tools/list"))["result"]
        assert (len(tools["tools"]), tools["ttlMs"], tools["cacheScope"]) == (14, 3_600_000, "public")
        took, code, rest, noise = process.end_input()
    assert took < SHORTEST_WAIT_SECONDS
    assert (code, rest, noise) == (0, b"", b"")


@pytest.mark.traced
@pytest.mark.promise("process:stdout:protocol-only", "process:front:unknown-goes-on")
@pytest.mark.parametrize("front", [(), ("serve",)], ids=["alone", "behind a front"])
def test_every_line_of_stdout_is_a_protocol_message_whatever_makes_noise(front: tuple[str, ...]) -> None:
    with running(*front, command=HANGING) as process:
        answer = process.ask(modern(1, "tools/call", name="noise", arguments={}))
        assert answer["result"]["content"][0]["text"] == "done"
        _, code, rest, noise = process.end_input()
    assert (code, rest) == (0, b"")
    for word in (b"printed", b"written", b"warned", b"library: logged", b"from a child"):
        assert word in noise


@pytest.mark.traced
@pytest.mark.promise("process:end:in-time", "process:stdout:protocol-only")
@pytest.mark.parametrize(("kind", "how"), matrix(IN_FLIGHT, usual=USUAL_IN_FLIGHT))
def test_the_process_ends_in_time_with_a_call_in_flight(kind: str, how: str) -> None:
    with running(command=(HANGING[0], "-u", *HANGING[1:])) as process:
        process.send(modern(1, "tools/call", name=kind, arguments={}))
        wait_until_begun(process)
        if how == "SIGTERM":
            process.popen.send_signal(signal.SIGTERM)
            took, code, rest, _ = process.finish()
        else:
            took, code, rest, _ = process.end_input()
    assert took < SHORTEST_WAIT_SECONDS
    assert code == (143 if how == "SIGTERM" else 0)
    assert all(json.loads(line)["id"] == 1 for line in rest.splitlines())  # the SDK may say that the call was ended


def accounted_for(lines: list[bytes], upto: int = 0) -> int:
    """How far the tool's lines go, which are numbered: each is there, or counted among the dropped."""
    said = [line.split()[3:6] for line in lines]
    numbers = [int(words[1]) if words[0] == b"line" else -int(words[0]) for words in said]
    for number in numbers:
        assert number < 0 or number == upto
        upto += -number if number < 0 else 1
    return upto


@pytest.mark.promise("process:log:holds-up-nothing", "process:end:in-time")
def test_a_host_that_never_reads_stderr_is_answered_and_can_end_the_process() -> None:
    with running(environment=clean_environment(LOG_LEVEL="info")) as process:
        for number in range(MORE_THAN_A_PIPE_HOLDS):
            answer = process.ask(modern(number, "tools/call", name="login", arguments={"slip": 1}))
            assert answer["result"]["isError"]
        process.popen.send_signal(signal.SIGTERM)
        took, code, _, noise = process.finish()
    assert (took < SHORTEST_WAIT_SECONDS, code) == (True, 143)
    assert noise.count(b": login failed: invalid_arguments\n") > MORE_THAN_A_PIPE_HOLDS / 3


@pytest.mark.traced
@pytest.mark.promise("process:log:holds-up-nothing", "process:end:in-time")
@pytest.mark.parametrize("how", ENDS)
def test_a_full_pipe_drops_lines_and_holds_up_no_end(how: str) -> None:
    with running(command=HANGING) as process:
        process.ask(modern(1, "tools/call", name="chatter", arguments={"lines": 5_000}))
        if how == "SIGTERM":
            process.popen.send_signal(signal.SIGTERM)
            took, code, _, noise = process.finish()
        else:
            took, code, _, noise = process.end_input()
    assert (took < SHORTEST_WAIT_SECONDS, code) == (True, 143 if how == "SIGTERM" else 0)
    lines = noise.splitlines()
    assert len(lines) < 5_000
    assert accounted_for(lines[:-1]) < 5_000  # the last is cut off by the end of the pipe


@pytest.mark.traced
@pytest.mark.promise("process:log:holds-up-nothing", "settings:logs:one-redacted-line")
def test_a_host_that_reads_late_is_told_how_many_lines_it_missed() -> None:
    with running(command=HANGING) as process:
        process.ask(modern(1, "tools/call", name="chatter", arguments={"lines": 5_000}))
        assert process.popen.stderr is not None
        lines, upto = list[bytes](), 0
        while upto < 5_000:
            lines.append(process.popen.stderr.readline())
            upto = accounted_for(lines[-1:], upto)
        process.ask(modern(2, "tools/call", name="chatter", arguments={"lines": 1}))
        _, _, _, noise = process.end_input()
    assert len(lines) < 5_000
    assert upto == accounted_for(lines) == 5_000
    assert noise.endswith(b"WARNING library: line 0 of many\n")


@pytest.mark.promise("process:stdout:protocol-only")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_ends_an_idle_process_in_time(number: signal.Signals, code: int) -> None:
    with running() as process:
        process.ask(modern(1, "tools/call", name="session_status", arguments={}))
        process.popen.send_signal(number)
        took, ended_with, _, noise = process.finish()
    assert took < SHORTEST_WAIT_SECONDS
    assert (ended_with, noise) == (code, b"")


@pytest.mark.promise("process:end:in-time", "process:stdout:protocol-only")
def test_the_process_ends_in_time_with_a_login_in_flight_and_tells_upstream_nothing() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        with running(environment=clean_environment(BASE_URL=f"http://127.0.0.1:{port}/")) as process:
            process.send(modern(1, "tools/call", name="login", arguments=ADA))
            connection, _ = silent.accept()
            with connection:
                connection.settimeout(20)
                asked = b""
                while not asked.endswith(b"}"):
                    asked += connection.recv(65536)
                took, code, rest, noise = process.end_input()
                after = connection.recv(65536)
            silent.settimeout(0.05)
            with pytest.raises(TimeoutError):
                silent.accept()
    assert asked.startswith(b"POST /auth/signin/ ")
    assert after == b""
    assert took < SHORTEST_WAIT_SECONDS
    assert (code, noise) == (0, b"")
    assert all(json.loads(line)["id"] == 1 for line in rest.splitlines())


@pytest.mark.promise("process:eras:same", "process:stdout:protocol-only", "settings:secrets:never-shown")
@pytest.mark.parametrize("era", matrix({each: each for each in ("2025-11-25", "2026-07-28")}, usual=["2026-07-28"]))
def test_a_wrong_password_shows_nowhere(era: str) -> None:
    secret = "canary-of-a-wrong-password"
    with running("--sandbox", environment=clean_environment(LOG_LEVEL="debug")) as process:
        answer = _ask_for_login(process, era, {"email": "nobody@example.org", "password": secret, "captcha": secret})
        assert answer["result"]["structuredContent"]["error"]["code"] == "captcha_rejected"
        _, code, rest, noise = process.end_input()
    everything = b"".join(process.lines) + rest + noise
    assert code == 0
    assert b"login failed: captcha_rejected" in noise
    assert secret.encode() not in everything


def _ask_for_login(process: Process, era: str, arguments: dict[str, str]) -> dict[str, Any]:
    if era == "2025-11-25":
        process.ask(initialize())
        process.send({"jsonrpc": "2.0", "method": "notifications/initialized"})
        return process.ask(legacy(1, "tools/call", name="login", arguments=arguments))
    return process.ask(modern(1, "tools/call", name="login", arguments=arguments))


def test_answers_are_lines_of_json() -> None:
    with running() as process:
        process.ask(modern(1, "server/discover"))
        (line,) = process.lines
    assert line.endswith(b"}\n")
    assert json.loads(line)["jsonrpc"] == "2.0"


def page_of(process: Process) -> str:
    """The page that a login which is under way opens."""
    asked = (modern(number, "tools/call", name="session_status", arguments={}) for number in itertools.count(3))
    statuses = (process.ask(message)["result"]["structuredContent"] for message in asked)
    return str(next(status["sign_in_url"] for status in statuses if status["sign_in_url"]))


@contextmanager
def posting_half_a_form(process: Process) -> Iterator[socket.socket]:
    """Stay connected to a new sign-in page that waits for the rest of a post."""
    process.ask(modern(1, "server/discover"))
    status = process.ask(modern(2, "tools/call", name="login", arguments={}))["result"]["structuredContent"]
    url = httpx.URL(status["sign_in_url"])
    head = f"POST {url.path} HTTP/1.1\r\nHost: 127.0.0.1:{url.port}\r\nOrigin: http://127.0.0.1:{url.port}\r\n"
    with socket.create_connection(("127.0.0.1", url.port or 0)) as browser:
        browser.sendall(f"{head}Content-Length: 500\r\n\r\nform=sign_in".encode())
        httpx.get(url, trust_env=False)  # answered later than that was read
        yield browser


@pytest.mark.promise("sign-in:end:page-closed", "process:stdout:protocol-only", "sign-in:pending:abandoned-reaped")
@pytest.mark.parametrize("ending", ["input", "signal"])
def test_the_end_of_the_process_closes_the_sign_in_page_within_a_second(ending: str) -> None:
    """The call waits for a person meanwhile: its browser is a launcher that never comes back."""
    environment = clean_environment(OPEN_BROWSER="always") | {"BROWSER": "sleep 30 #%s"}
    with running("--sandbox", environment=environment) as process:
        process.ask(modern(1, "server/discover"))
        process.send(modern(2, "tools/call", name="login", arguments={}))
        url = page_of(process)
        port = int(url.split(":")[2].partition("/")[0])
        socket.create_connection(("127.0.0.1", port)).close()
        if ending == "signal":
            process.popen.terminate()
            took, code, _, _ = process.finish()
        else:
            took, code, _, _ = process.end_input()
        assert (took < SHORTEST_WAIT_SECONDS, code) == (True, 143 if ending == "signal" else 0)
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port))


@pytest.mark.promise("settings:files:private", "process:end:in-time")
@pytest.mark.parametrize("ending", ["input", "signal"])
def test_half_a_form_at_the_end_of_the_process_leaves_no_file_of_the_sandbox_and_no_word(
    ending: str, tmp_path: Path
) -> None:
    environment = clean_environment(OPEN_BROWSER="never") | {"XDG_RUNTIME_DIR": str(tmp_path)}
    with running("--sandbox", environment=environment) as process, posting_half_a_form(process):
        (file,) = (tmp_path / "rememberizer-mcp").iterdir()
        if ending == "signal":
            process.popen.terminate()
            _, _, _, noise = process.finish()
        else:
            _, _, _, noise = process.end_input()
        assert (file.exists(), noise) == (False, b"")


@pytest.mark.promise("settings:logs:one-redacted-line")
def test_half_a_form_at_a_logout_is_nothing_to_log() -> None:
    environment = clean_environment(OPEN_BROWSER="never")
    with running("--sandbox", environment=environment) as process, posting_half_a_form(process) as browser:
        process.ask(modern(3, "tools/call", name="logout", arguments={}))
        browser.settimeout(20)
        answer = b"".join(iter(lambda: browser.recv(65_536), b""))
        assert answer.startswith(b"HTTP/1.1 410 Gone")
        _, code, _, noise = process.end_input()
    assert (code, noise) == (0, b"")
