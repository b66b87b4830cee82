"""The server as a process whose stdout takes nothing any more, while its stdin stays open."""

import sys
from collections.abc import Sequence

import pytest

from tests.support.process import SERVE, SHORTEST_WAIT_SECONDS, Process, clean_environment, initialize, modern, running

pytestmark = pytest.mark.traced

HANGING = (sys.executable, "-m", "tests.support")
STATUS = modern(1, "tools/call", name="session_status", arguments={})
FULL = ("sh", "-c", 'exec "$@" > /dev/full', "sh")
NO_FRONT = ("--sandbox", "--access-seconds", "60")


def stop_reading(process: Process) -> None:
    assert process.popen.stdout is not None
    process.popen.stdout.close()
    process.popen.stdout = open("/dev/null", "rb")  # noqa: SIM115, PTH123 -- `finish` reads it and `running` closes it


def ends(process: Process, because: str) -> None:
    """It does, without the end of its input, and says why in one line."""
    took, code, _, noise = process.finish()
    assert (code, noise.count(b"\n")) == (1, 1)
    said = f"rememberizer_mcp.server.stdio.serving: the server ends, for its answers can't be written: {because}\n"
    assert noise.decode().endswith(said)
    assert took < 20


@pytest.mark.promise("process:stdout:closed-ends", "settings:logs:one-redacted-line")
@pytest.mark.parametrize(
    ("arguments", "first"),
    [
        ((), STATUS), (NO_FRONT, initialize()),
        *(pytest.param(*each, marks=pytest.mark.exhaustive) for each in (
            ((), initialize()), ((), modern(1, "server/discover")), (("--sandbox",), STATUS), (NO_FRONT, STATUS),
        )),
    ],
)  # fmt: skip
def test_a_process_ends_whose_stdout_is_closed_before_the_first_answer(
    arguments: Sequence[str], first: dict[str, object]
) -> None:
    with running(*arguments) as process:
        stop_reading(process)
        process.send(first)
        ends(process, "Broken pipe")


@pytest.mark.promise("process:stdout:closed-ends", "process:stdout:protocol-only")
@pytest.mark.parametrize("arguments", [(), NO_FRONT], ids=["behind a front", "alone"])
def test_a_process_ends_within_a_second_whose_stdout_is_closed_later(arguments: Sequence[str]) -> None:
    with running(*arguments) as process:
        process.ask(modern(1, "server/discover"))
        process.ask(STATUS)
        stop_reading(process)
        process.send(STATUS, STATUS)
        took, code, _, noise = process.finish()
    assert (took < SHORTEST_WAIT_SECONDS, code) == (True, 1)
    assert noise.count(b"\n") == 1


@pytest.mark.exhaustive
@pytest.mark.promise("process:stdout:closed-ends")
@pytest.mark.parametrize("arguments", [(), NO_FRONT], ids=["behind a front", "alone"])
def test_a_process_ends_whose_stdout_is_full(arguments: Sequence[str]) -> None:
    with running(*arguments, command=(*FULL, *SERVE)) as process:
        process.send(STATUS)
        ends(process, "No space left on device")


@pytest.mark.promise("process:stdout:closed-ends")
@pytest.mark.parametrize("arguments", [(), ("serve",)], ids=["alone", "behind a front"])
def test_a_call_that_runs_on_holds_up_no_end(arguments: Sequence[str]) -> None:
    with running(*arguments, command=HANGING) as process:
        process.ask(modern(1, "server/discover"))
        process.send(modern(2, "tools/call", name="block", arguments={}))
        stop_reading(process)
        process.send(modern(3, "server/discover"))
        took, code, _, _ = process.finish()
    assert (took < SHORTEST_WAIT_SECONDS, code) == (True, 1)


@pytest.mark.promise("process:stdout:closed-ends")
def test_a_host_that_closes_both_ends_is_nothing_to_log() -> None:
    with running(command=HANGING) as process:
        process.ask(modern(1, "server/discover"))
        stop_reading(process)
        process.send(modern(2, "tools/call", name="wait", arguments={}))
        took, code, _, noise = process.end_input()
    assert (took < SHORTEST_WAIT_SECONDS, code, noise.removeprefix(b"begun\n")) == (True, 0, b"")


@pytest.mark.promise("process:stdout:closed-ends")
@pytest.mark.parametrize("closed", [">&-", "<&-"])
def test_a_standard_stream_that_is_closed_from_the_start_is_one_line(closed: str) -> None:
    with running(command=("sh", "-c", f'exec "$@" {closed}', "sh", *SERVE), environment=clean_environment()) as process:
        _, code, rest, noise = process.finish()
    assert (code, rest, noise.count(b"\n")) == (1, b"", 1)
    assert b"rememberizer_mcp.server.stdio.serving: the server stopped" in noise
