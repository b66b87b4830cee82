"""The front in the real process: what a host sees, and how the process ends while the SDK loads."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from mcp_types import PARSE_ERROR

from tests.snapshots.front import LISTS
from tests.support.process import (
    LONGEST_SECONDS,
    SHORTEST_WAIT_SECONDS,
    Process,
    clean_environment,
    initialize,
    legacy,
    modern,
    running,
)
from tests.support.tiers import matrix

INITIALIZED = {"jsonrpc": "2.0", "method": "notifications/initialized"}
COMMAND = (str(Path(sys.executable).with_name("rememberizer-mcp")),)
STARTS: Mapping[str, Sequence[dict[str, Any]]] = {
    "2025-11-25": [initialize(), INITIALIZED, legacy(1, "tools/list"), legacy(2, "prompts/list")],
    "2026-07-28": [modern(1, "server/discover"), modern(2, "tools/list"), modern(3, "resources/list")],
}
STATUS = {
    "2025-11-25": legacy(9, "tools/call", name="session_status", arguments={}),
    "2026-07-28": modern(9, "tools/call", name="session_status", arguments={}),
}


class Held:
    """A process that can't load further than its settings until it is released: it waits for a file's content."""

    def __init__(self, process: Process, fifo: Path) -> None:
        self.process = process
        self._fifo = fifo

    def release(self) -> None:
        with self.read():
            pass

    @contextmanager
    def read(self) -> Iterator[None]:
        """Wait until the settings are being read, and release the process after the block."""
        with self._fifo.open("w", encoding="utf-8") as password:
            yield
            password.write("password")


@contextmanager
def held(folder: Path, *, command: Sequence[str] = COMMAND, **settings: str) -> Iterator[Held]:
    fifo = folder / "password"
    os.mkfifo(fifo)
    environment = clean_environment(EMAIL="ada@example.org", PASSWORD_FILE=str(fifo), **settings)
    with running(command=command, environment=environment) as process:
        yield Held(process, fifo)


def start(process: Process, era: str) -> list[bytes]:
    """Ask what hosts ask; the answers."""
    for message in STARTS[era]:
        if "id" in message:
            process.ask(message)
        else:
            process.send(message)
    return process.lines


@pytest.mark.promise("process:front:answers-while-loading")
@pytest.mark.parametrize("era", STARTS)
def test_a_host_is_answered_before_the_settings_are_even_read(era: str, tmp_path: Path) -> None:
    with held(tmp_path) as slow:
        start(slow.process, era)
        slow.release()
        assert slow.process.ask(STATUS[era])["result"]["structuredContent"]["state"] == "signed_out"
        took, code, rest, noise = slow.process.end_input()
    assert took < SHORTEST_WAIT_SECONDS
    assert (code, rest, noise) == (0, b"", b"")


@pytest.mark.promise("process:front:ends-in-time")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_a_process_that_still_loads(number: signal.Signals, tmp_path: Path) -> None:
    with held(tmp_path) as slow:
        slow.process.ask(initialize())
        slow.process.popen.send_signal(number)
        took, code, rest, noise = slow.process.finish()
    assert took < SHORTEST_WAIT_SECONDS
    assert (code, rest, noise) == (128 + number, b"", b"")


@pytest.mark.promise("process:front:ends-in-time")
@pytest.mark.parametrize("era", matrix({each: each for each in STARTS}, usual=["2025-11-25"]))
def test_the_end_of_the_input_ends_a_process_that_still_loads(era: str, tmp_path: Path) -> None:
    with held(tmp_path) as slow:
        start(slow.process, era)
        took, code, rest, noise = slow.process.end_input()
    assert took < SHORTEST_WAIT_SECONDS
    assert (code, rest, noise) == (0, b"", b"")


@pytest.mark.promise("process:front:ends-in-time")
def test_a_request_that_waits_for_the_sdk_is_answered_before_the_end_of_the_input(tmp_path: Path) -> None:
    with held(tmp_path) as slow:
        slow.process.ask(initialize())
        slow.process.send(legacy(1, "ping"))
        slow.process.stdin.close()
        slow.release()
        assert slow.process.receive() == {"jsonrpc": "2.0", "id": 1, "result": {}}
        _, code, rest, noise = slow.process.finish()
    assert (code, rest, noise) == (0, b"", b"")


@pytest.mark.promise("process:front:ends-in-time")
@pytest.mark.parametrize("method", matrix({each: each for each in LISTS}, usual=["prompts/list"]))
def test_the_end_of_the_input_is_seen_though_the_host_reads_nothing(method: str, tmp_path: Path) -> None:
    with held(tmp_path) as slow:
        slow.process.send(initialize(), *(legacy(number, method) for number in range(400)))
        slow.process.stdin.close()
        slow.release()
        assert slow.process.popen.wait(LONGEST_SECONDS) == 0
        assert slow.process.popen.stdout is not None
        answers = slow.process.popen.stdout.read()
    assert 1 < answers.count(b"\n") < 400


@pytest.mark.promise("process:front:ends-in-time")
@pytest.mark.parametrize(("level", "code"), [("debug", 0), ("loud", 2)])
def test_a_host_that_says_nothing_learns_whether_the_settings_can_be_used(
    level: str, code: int, tmp_path: Path
) -> None:
    with held(tmp_path, LOG_LEVEL=level) as slow:
        slow.process.stdin.close()
        slow.release()
        _, ended_with, rest, noise = slow.process.finish()
    assert (ended_with, rest) == (code, b"")
    assert (b"REMEMBERIZER_LOG_LEVEL: must be" in noise) is (code == 2)


@pytest.mark.promise("process:front:ends-in-time")
@pytest.mark.parametrize(("level", "code"), [("debug", 0), ("loud", 2)])
def test_the_end_of_the_input_waits_for_settings_that_are_being_read(level: str, code: int, tmp_path: Path) -> None:
    with held(tmp_path, LOG_LEVEL=level) as slow:
        slow.process.ask(initialize())
        with slow.read():
            slow.process.stdin.close()
            with pytest.raises(subprocess.TimeoutExpired):
                slow.process.popen.wait(0.25)
        _, ended_with, rest, noise = slow.process.finish()
    assert (ended_with, rest) == (code, b"")
    assert (b"REMEMBERIZER_LOG_LEVEL: must be" in noise) is (code == 2)


@pytest.mark.promise("process:front:ends-in-time")
def test_an_unusable_setting_ends_a_process_that_has_answered() -> None:
    with running(command=COMMAND, environment=clean_environment(LOG_LEVEL="loud")) as process:
        process.ask(initialize())
        _, code, rest, noise = process.finish()
    assert (code, rest) == (2, b"")
    assert b"REMEMBERIZER_LOG_LEVEL: must be" in noise
    assert b"Traceback" not in noise


@pytest.mark.promise("process:front:ends-in-time")
def test_a_setting_that_nothing_reads_is_pointed_out_once_behind_a_front(tmp_path: Path) -> None:
    with held(tmp_path, TOOLSET="auth") as slow:
        start(slow.process, "2025-11-25")
        slow.release()
        slow.process.ask(STATUS["2025-11-25"])
        *_, noise = slow.process.end_input()
    assert noise.count(b"REMEMBERIZER_TOOLSET is no setting of this version") == 1


@pytest.mark.promise("process:front:ends-in-time")
def test_an_output_that_breaks_under_the_front_is_the_sdks_to_report(tmp_path: Path) -> None:
    with held(tmp_path) as slow:
        slow.process.ask(initialize())
        assert slow.process.popen.stdout is not None
        slow.process.popen.stdout.close()
        slow.process.popen.stdout = open("/dev/null", "rb")  # noqa: SIM115, PTH123 -- `finish` reads and closes it
        slow.process.send(legacy(1, "tools/list"))
        slow.release()
        _, code, _, noise = slow.process.finish()
    assert (code, noise.count(b"\n")) == (1, 1)
    assert b"serving: the server ends, for its answers can't be written: Broken pipe" in noise


def joined(*messages: object) -> bytes:
    return b"".join(json.dumps(message).encode() + b"\n" for message in messages)


LONG = "\u00e4\u4e16" * 40_000
"""More than a pipe holds, and no read ends where a character does."""
CANCELLED = {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 0}}
LARGE = json.dumps(
    legacy(3, "tools/call", name="session_status", arguments={"session": LONG}), ensure_ascii=False
).encode()
INPUTS: Mapping[str, tuple[bytes, int]] = {
    "a start of 2025 and a call": (joined(*STARTS["2025-11-25"], STATUS["2025-11-25"]), 4),
    "a start of 2026 and a call": (joined(*STARTS["2026-07-28"], STATUS["2026-07-28"]), 4),
    "a call at once": (joined(STATUS["2026-07-28"]), 1),
    "a list before its time": (joined(legacy(1, "tools/list"), initialize(), legacy(2, "tools/list")), 3),
    "initialize twice": (joined(initialize(), initialize(1), legacy(2, "tools/list")), 3),
    "initialize after a 2026 request": (joined(modern(1, "tools/list"), initialize(2), modern(3, "tools/list")), 3),
    "a 2026 request after initialize": (joined(initialize(), modern(2, "tools/list"), legacy(3, "tools/list")), 3),
    "blank and malformed lines": (b"\n{\n" + joined(initialize()) + b"\xff\n\r\n" + joined(legacy(1, "ping")), 4),
    "lines with carriage returns": (joined(initialize(), legacy(1, "tools/list")).replace(b"\n", b"\r\n"), 2),
    "carriage returns alone": (joined(initialize(), legacy(1, "ping")).replace(b"\n", b"\r") + b"\n", 2),
    "a cancellation of what was answered": (joined(initialize(), CANCELLED, legacy(1, "ping")), 2),
    "more than a pipe holds": (joined(*STARTS["2025-11-25"]) + LARGE + b"\n", 4),
}  # fmt: skip


USUAL_INPUTS = ["a start of 2026 and a call", "blank and malformed lines", "more than a pipe holds"]


def transcript(sent: bytes, answers: int, environment: Mapping[str, str]) -> list[bytes]:
    """What a process writes when it is sent this at once, in no order."""
    with running(command=COMMAND, environment=environment) as process:
        process.stdin.write(sent)
        for _ in range(answers):
            process.receive()
        _, code, rest, noise = process.end_input()
    assert (code, rest, noise) == (0, b"", b"")
    return sorted(process.lines)


@pytest.mark.promise("process:front:unknown-goes-on")
@pytest.mark.parametrize(("sent", "answers"), matrix(INPUTS, usual=USUAL_INPUTS))
def test_a_process_with_a_front_writes_what_one_without_does(sent: bytes, answers: int) -> None:
    without = clean_environment() | {"Rememberizer_Read_Only": "off"}  # not certain for the front
    assert transcript(sent, answers, clean_environment()) == transcript(sent, answers, without)


@pytest.mark.promise("process:front:ends-in-time")
def test_the_end_of_the_input_closes_what_a_server_behind_a_front_has_opened(tmp_path: Path) -> None:
    environment = clean_environment() | {"XDG_RUNTIME_DIR": str(tmp_path)}
    with running("--sandbox", command=COMMAND, environment=environment) as process:
        start(process, "2025-11-25")
        deadline = time.monotonic() + LONGEST_SECONDS
        while not list(tmp_path.rglob("*.json")):
            assert time.monotonic() < deadline, "the sandbox did not come up"
        took, code, rest, noise = process.end_input()
    assert took < SHORTEST_WAIT_SECONDS
    assert (code, rest, noise) == (0, b"", b"")
    assert not list(tmp_path.rglob("*.json"))


@pytest.mark.promise("process:front:unknown-goes-on")
def test_a_last_request_without_its_line_end_is_answered(tmp_path: Path) -> None:
    with held(tmp_path) as slow:
        slow.process.stdin.write(json.dumps(initialize()).encode())
        slow.process.stdin.close()
        slow.release()
        answer = slow.process.receive()
        _, code, rest, noise = slow.process.finish()
    assert answer["result"]["protocolVersion"] == "2025-11-25"
    assert (code, rest, noise) == (0, b"", b"")


@pytest.mark.promise("process:front:unknown-goes-on")
def test_a_last_line_that_is_cut_off_is_refused(tmp_path: Path) -> None:
    with held(tmp_path) as slow:
        slow.process.ask(initialize())
        slow.process.stdin.write(b'{"half')
        slow.process.stdin.close()
        slow.release()
        _, code, rest, noise = slow.process.finish()
    assert (code, noise) == (0, b"")
    assert json.loads(rest)["error"]["code"] == PARSE_ERROR
