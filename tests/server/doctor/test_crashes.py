"""What hangs or crashes while the doctor looks at it is one failure, and the report still comes in time."""

import re
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest
from rememberizer_mcp.server.doctor.examination import examine
from rememberizer_mcp.server.doctor.network import LIMIT_SECONDS
from rememberizer_mcp.server.doctor.run import Machine, diagnose
from rememberizer_mcp.server.hosts.system import System

from tests.server.doctor.machines import CANARY, block, machine, patient, write
from tests.support.secret_service import bare_environment

HANGS = "60"
"""Seconds that nothing may wait for."""


@pytest.mark.promise("doctor:safe:ends")
async def test_a_machine_where_everything_hangs_is_done_in_time(tmp_path: Path) -> None:
    write(tmp_path / ".cursor" / "mcp.json", {"rememberizer": block("/bin/sleep", HANGS)})
    hung = machine(
        bare_environment(tmp_path), server=("/bin/sleep", HANGS), checks=("/bin/sh", "-c", f"sleep {HANGS}"),
        examined_until=0.3, own_until=0.6, hosts_until=0.9, least=0.3,
    )  # fmt: skip
    begun = time.monotonic()
    findings = await diagnose(hung)
    assert time.monotonic() - begun < float(HANGS)
    assert [finding.level for finding in findings[2:]] == ["failure"] * 6
    assert findings[2].text == "The check did not end within 0 s."
    both = "MCP 2026-07-28 and MCP 2025-11-25: the server did not answer the handshake within 0 s."
    assert findings[-2].text == both


@pytest.mark.promise("doctor:safe:ends")
async def test_the_longest_run_stays_below_half_a_minute() -> None:
    standard = Machine()
    rest = 2.0 + 0.5  # what an exchange may take beyond its limit: see exchange.py
    assert standard.read_until + LIMIT_SECONDS <= standard.examined_until
    assert standard.examined_until + standard.least + rest < standard.own_until
    assert standard.own_until + standard.least + rest < standard.hosts_until
    assert standard.hosts_until + rest < 30


@pytest.mark.promise("doctor:safe:ends")
@pytest.mark.parametrize(
    ("script", "text"),
    [
        ("echo nonsense", "The check could not run: it ended with code 0."),
        ("echo 5", "The check could not run: it ended with code 0."),
        ("echo ModuleNotFoundError: pydantic >&2; exit 1", "The check could not run: it ended with code 1."),
        ("echo '[{}]'", "The check could not run: it ended with code 0."),
        ("echo '[1, [{}]]'", "The check could not run: it ended with code 0."),
        ("kill -9 $$", "The check could not run: it ended with code -9."),
    ],
)
async def test_a_check_that_crashes_is_one_failure_each(script: str, text: str, tmp_path: Path) -> None:
    crashing = machine(bare_environment(tmp_path), server=("/bin/false",), checks=("/bin/sh", "-c", script))
    findings = await diagnose(crashing, sandbox=True)
    crashed = [finding for finding in findings if finding.level == "failure" and finding.name != "stdio"]
    assert [finding.name for finding in crashed] == ["settings", "keyring", "browser"]
    assert {finding.text for finding in crashed} == {text}


@pytest.mark.promise("doctor:safe:only-reads", "doctor:safe:ends")
async def test_what_breaks_while_hosts_files_are_read_is_one_failure(tmp_path: Path) -> None:
    def breaks() -> System:
        raise KeyError(CANARY)

    environ = bare_environment(tmp_path)
    broken = Machine(environ=environ, system=breaks, server=("/bin/false",), checks=("/bin/false",))
    found = (await diagnose(broken, sandbox=True))[-1]
    assert (found.name, found.level) == ("hosts", "failure")
    assert re.fullmatch(r"The check broke off: KeyError at entries\.py:[0-9]+\.", found.text)


@pytest.mark.promise("doctor:safe:ends")
async def test_files_that_can_not_be_read_in_time_are_one_failure_and_take_no_time_from_others(tmp_path: Path) -> None:
    checked, gone_on, reading = tmp_path / "checked", threading.Event(), []

    def waits() -> System:
        reading.append(threading.current_thread())
        gone_on.wait(float(HANGS))
        raise KeyError

    checks = ("/bin/sh", "-c", f"touch {checked}")
    hung = Machine(
        environ=bare_environment(tmp_path), system=waits, server=("/bin/false",), checks=checks,
        read_until=1.0, examined_until=20.0, least=0.1,
    )  # fmt: skip
    found = (await diagnose(hung, sandbox=True))[-1]
    assert (found.name, found.level, found.text) == (
        "hosts", "failure", "The hosts' files could not be read within 1 s."
    )  # fmt: skip
    assert checked.exists()
    assert reading[0].daemon, "the process would wait for it at its end"
    gone_on.set()
    reading[0].join(float(HANGS))


@pytest.mark.exhaustive
@pytest.mark.promise("doctor:safe:ends")
async def test_checks_that_crash_keep_no_server_from_being_started(tmp_path: Path) -> None:
    crashing = replace(patient(bare_environment(tmp_path)), checks=("/bin/false",))
    findings = await diagnose(crashing, sandbox=True)
    assert {finding.name for finding in findings if finding.level == "ok"} >= {"stdio"}
    assert [finding.level for finding in findings if finding.name == "stdio"] == ["ok", "ok"]


@pytest.mark.promise("doctor:safe:ends")
async def test_a_check_that_can_not_start_is_a_failure(tmp_path: Path) -> None:
    nowhere = machine(bare_environment(tmp_path), checks=("/nowhere/python",), server=("/nowhere/python",))
    findings = await diagnose(nowhere)
    assert {finding.level for finding in findings[2:-1]} == {"failure"}
    assert "The check could not start: No such file or directory." in {finding.text for finding in findings}


@pytest.mark.promise("doctor:safe:ends")
@pytest.mark.parametrize("name", ["settings", "keyring", "browser"])
async def test_no_check_needs_a_home(name: str, tmp_path: Path) -> None:
    environ = {key: value for key, value in bare_environment(tmp_path).items() if key != "HOME"}
    (found,) = (await examine([name], environ=environ, limit_seconds=20))[name]
    assert found.level == "ok"
