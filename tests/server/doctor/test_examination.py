"""Checks in processes of their own: how they end, and what is left of them."""

import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from anyio import to_thread
from rememberizer_mcp.server.doctor import desktop, network
from rememberizer_mcp.server.doctor.examination import CHECKS, examine
from rememberizer_mcp.server.doctor.report import Finding
from rememberizer_mcp.server.doctor.run import Machine

from tests.support.marked import is_left, mark
from tests.support.secret_service import bare_environment
from tests.support.way import server


@pytest.mark.promise("doctor:safe:ends")
def test_what_hangs_is_explained_before_its_process_is_ended() -> None:
    start_up = 4.0
    assert max(network.LIMIT_SECONDS, desktop.LIMIT_SECONDS) + start_up < Machine().examined_until


@pytest.mark.promise("doctor:looks:network", "doctor:safe:ends")
async def test_a_server_that_hangs_is_the_one_that_is_said_to(tmp_path: Path) -> None:
    async with server(None) as stop:
        url = f"http://127.0.0.1:{stop.port}/"
        environ = bare_environment(tmp_path, REMEMBERIZER_BASE_URL=url)
        (found,) = (await examine(["network"], environ=environ, limit_seconds=40))["network"]
    assert found.text == f"127.0.0.1:{stop.port} does not answer within 5 s."


@pytest.mark.promise("doctor:safe:only-reads", "settings:secrets:never-shown")
async def test_of_a_crash_only_its_kind_and_place_are_said(tmp_path: Path) -> None:
    (tmp_path / "pydantic_settings.py").write_text("raise KeyError('canary-of-a-crash')")
    environ = bare_environment(tmp_path, PYTHONPATH=str(tmp_path))
    (found,) = (await examine(["settings"], environ=environ, limit_seconds=40))["settings"]
    assert re.fullmatch(r"The check broke off: KeyError at settings\.py:[0-9]+\.", found.text)
    assert "canary" not in str(found)


@pytest.mark.promise("doctor:safe:ends")
async def test_what_a_check_started_is_ended_with_it(tmp_path: Path) -> None:
    environ, seconds = bare_environment(tmp_path), mark(1)
    ends = ("/bin/sh", "-c", f"sleep {seconds} >/dev/null & echo '[\"browser\", []]'")
    assert await examine(["browser"], environ=environ, limit_seconds=20, command=ends) == {"browser": []}
    assert not await to_thread.run_sync(is_left, seconds)
    hangs = ("/bin/sh", "-c", f"sleep {seconds} & wait")
    (found,) = (await examine(["browser"], environ=environ, limit_seconds=1, command=hangs))["browser"]
    assert found.text == "The check did not end within 1 s."
    assert not await to_thread.run_sync(is_left, seconds)


@pytest.mark.promise("doctor:safe:ends")
@pytest.mark.parametrize(
    ("end", "why", "seconds"),
    [("sleep 60", "did not end within 1 s.", 1), ("kill -9 $$", "ended with code -9.", 20)],
)
async def test_a_check_that_hangs_or_dies_hides_no_other_of_its_process(
    end: str, why: str, seconds: float, tmp_path: Path
) -> None:
    told = Finding.ok("browser", "All is well.")
    script = f"echo '{json.dumps(['browser', [told.as_dict()]])}'; echo '[\"keyring\"'; {end}"
    command = ("/bin/sh", "-c", script)
    found = await examine(CHECKS, environ=bare_environment(tmp_path), limit_seconds=seconds, command=command)
    assert found.pop("browser") == [told]
    assert {each.name for (each,) in found.values()} == {"settings", "network", "keyring"}
    assert all(each.text.endswith(why) for (each,) in found.values())


@pytest.mark.promise("doctor:safe:ends")
async def test_a_crash_is_the_failure_of_its_own_check_alone(tmp_path: Path) -> None:
    told = json.dumps([Finding.ok("", "All is well.").as_dict()])
    script = f"""case "$0 $*" in *keyring*) exit 3;; esac; echo '["'"$0"'", {told}]'"""
    command = ("/bin/sh", "-c", script)
    found = await examine(CHECKS, environ=bare_environment(tmp_path), limit_seconds=20, command=command)
    assert found.pop("keyring")[0].text == "The check could not run: it ended with code 3."
    assert {each.text for (each,) in found.values()} == {"All is well."}


@pytest.mark.promise("doctor:safe:ends")
async def test_a_secrets_file_that_is_never_written_holds_up_no_other_check(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    environ = bare_environment(tmp_path, REMEMBERIZER_PASSWORD_FILE=str(tmp_path / "pipe"))
    found = await examine(["settings", "keyring"], environ=environ, limit_seconds=10)
    assert [found[name][0].level for name in found] == ["failure", "ok"]


@contextmanager
def busy_doctor(
    folder: Path, *before: str, seconds: str, stderr: int | None = None
) -> Iterator["subprocess.Popen[bytes]"]:
    """A doctor whose browser check waits for a program of the desktop, which has been started."""
    started, program = folder / "started", folder / "xdg-settings"
    os.mkfifo(started)
    program.write_text(f"#!/bin/sh\necho > {started}\nexec sleep {seconds}\n")
    program.chmod(0o755)
    environ = bare_environment(folder, DISPLAY=":1") | {"PATH": f"{folder}:/usr/bin:/bin"}
    command = [*before, str(Path(sys.executable).parent / "rememberizer-mcp"), "doctor", "--sandbox"]
    with (
        os.fdopen(os.open(started, os.O_RDWR), "rb") as signs,
        subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, stderr=stderr) as doctor,
    ):
        assert select.select([signs], [], [], 20)[0]
        yield doctor


@pytest.mark.promise("doctor:safe:ends")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_doctor_that_is_told_to_end_leaves_nothing_behind(number: signal.Signals, tmp_path: Path) -> None:
    seconds = mark(200 + number)
    before = signal.signal(number, signal.default_int_handler)  # else the doctor ignores what we do, as under nohup
    try:
        with busy_doctor(tmp_path, seconds=seconds) as doctor:
            doctor.send_signal(number)
            report, _ = doctor.communicate(timeout=20)
    finally:
        signal.signal(number, before)
    assert (doctor.returncode, report) == (1, b"")
    assert not is_left(seconds)


@pytest.mark.traced
@pytest.mark.promise("doctor:safe:ends")
def test_on_a_terminal_the_doctor_says_what_it_does_before_that_is_done(tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    with busy_doctor(tmp_path, seconds=mark(1), stderr=theirs) as doctor:
        os.close(theirs)
        assert os.read(ours, 100) == b"Checking settings, keyring, browser ...\r\n"
        doctor.terminate()
        doctor.communicate(timeout=20)
    os.close(ours)


@pytest.mark.exhaustive
@pytest.mark.promise("doctor:safe:ends")
def test_a_doctor_that_is_to_outlive_its_terminal_does(tmp_path: Path) -> None:
    with busy_doctor(tmp_path, "nohup", seconds="0.5") as doctor:
        doctor.send_signal(signal.SIGHUP)
        doctor.communicate(timeout=40)
    assert doctor.returncode == 0
