"""The whole examination: healthy and sick machines, and what must never be in its report."""

import json
import re
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
import pytest
from rememberizer_mcp.server import __version__
from rememberizer_mcp.server.doctor.aside import aside
from rememberizer_mcp.server.doctor.lines import as_json, as_text
from rememberizer_mcp.server.doctor.report import Finding, Level, failed
from rememberizer_mcp.server.doctor.run import Machine, diagnose
from rememberizer_mcp.server.settings.settings import SECRETS, variable

from tests.support.process import SERVE
from tests.support.secret_service import bare_environment
from tests.support.tiers import matrix
from tests.support.way import answer, server

CANARY = "canary-of-the-doctor"
ENTRYS = "canary-in-an-entry"
"""Stands in hosts' files only, so that nothing else teaches the doctor to hide it."""
BASE_URLS = {"usable": "https://api.example.org/", "with secrets": f"https://ada:{CANARY}@api.example.org/?{CANARY}"}
HANGS = "60"
"""Seconds that nothing may wait for."""
SCRIPT = Path(sys.executable).parent / "rememberizer-mcp"
HEALTHY = """\
rememberizer-mcp VERSION

ok       python       Python N at PYTHON.
ok       packages     mcp N, httpx N, sniffio N, pydantic N and N more, all as
                      declared.
ok       settings     REMEMBERIZER_BASE_URL is `http://127.0.0.1:N/api/v1/`.
ok       network      127.0.0.1:N is reached: name N ms, connection N ms.
ok       api          http://127.0.0.1:N/api/v1/ answers N after N ms, as it
                      should to a request without a sign-in.
ok       clock        It agrees with the server's.
ok       keyring      Not used, since REMEMBERIZER_KEEP_SIGNED_IN is `off`; none
                      could be used now.
ok       browser      None is opened, since there is no display (DISPLAY,
                      WAYLAND_DISPLAY); signing in still works by the link that
                      the agent shows.
ok       stdio        MCP 2026-07-28: first answer after N ms, N tools, nothing
                      else on stdout.
ok       stdio        MCP 2025-11-25: first answer after N ms, N tools, nothing
                      else on stdout.
ok       hosts        Cursor: first answer after N ms, N tools, nothing else on
                      stdout.

All is well."""
SICK = """\
rememberizer-mcp VERSION

ok       python       Python N at PYTHON.
ok       packages     mcp N, httpx N, sniffio N, pydantic N and N more, all as
                      declared.
failure  settings     REMEMBERIZER_LOG_LEVEL: must be `debug`, `info`, `warning`
                      or `error`.
                      -> Correct or remove REMEMBERIZER_LOG_LEVEL where the
                         server is started.
warning  settings     REMEMBERIZER_PASSWROD is no setting of this version and is
                      ignored.
                      -> Did you mean REMEMBERIZER_PASSWORD?
ok       settings     REMEMBERIZER_BASE_URL is `http://127.0.0.1:1/api/v1/`.
ok       settings     REMEMBERIZER_KEEP_SIGNED_IN is `keyring`.
failure  network      127.0.0.1:N takes no connection.
                      -> Check the network, VPN and firewall, and
                         REMEMBERIZER_BASE_URL; `--sandbox` works without a
                         network.
failure  keyring      There is none of the operating system's own, and no other
                      is used.
                      -> Set up Secret Service, KWallet, the macOS Keychain or
                         the Windows Credential Locker, name no other backend in
                         PYTHON_KEYRING_BACKEND or keyringrc.cfg, or set
                         REMEMBERIZER_KEEP_SIGNED_IN to `off`.
ok       browser      None is opened, since there is no display (DISPLAY,
                      WAYLAND_DISPLAY); signing in still works by the link that
                      the agent shows.
ok       stdio        MCP 2026-07-28: first answer after N ms, N tools, nothing
                      else on stdout.
ok       stdio        MCP 2025-11-25: first answer after N ms, N tools, nothing
                      else on stdout.
warning  hosts        Claude Code: HOME/.claude.json is not valid JSON (line 1,
                      column 2).
                      -> Correct HOME/.claude.json; the host may not be able to
                         read it either.
failure  hosts        Cursor: the command `uvx-of-nobody` is not on the short
                      PATH that a host gives.
                      -> Run `rememberizer-mcp install cursor`. Switch the
                         server on in Cursor's settings, under MCP.
warning  hosts        Cursor: set in this shell and not in the entry, so that
                      the server may not see it: REMEMBERIZER_BASE_URL,
                      REMEMBERIZER_KEEP_SIGNED_IN, REMEMBERIZER_LOG_LEVEL,
                      REMEMBERIZER_PASSWROD.
                      -> If the server needs these, add them to the variables of
                         the entry in HOME/.cursor/mcp.json. For a secret, use
                         its `_FILE` variable.
failure  hosts        Cursor (sandbox): our entry in HOME/.cursor/mcp.json holds
                      no command.
                      -> Run `rememberizer-mcp install cursor --sandbox`. Switch
                         the server on in Cursor's settings, under MCP.

5 failures and 3 warnings."""
NUMBERS = (
    (r"Python [0-9.]+ at \S+\.", "Python N at PYTHON."),
    (r"(mcp|httpx|sniffio|pydantic) [0-9][0-9.a-z]*", r"\1 N"),
    (r"\b[0-9]+ (more|ms|tools)", r"N \1"),
    (r"127\.0\.0\.1:[0-9]+(?=/api/v1/ answers| is reached| takes)", "127.0.0.1:N"),
    (r"answers [0-9]+", "answers N"),
)


def patient(environ: Mapping[str, str]) -> Machine:
    """For reports that are compared: how busy the machine is is not what they are about."""
    return Machine(environ=environ, aside_until=40.0, own_until=70.0, hosts_until=100.0, again_until=130.0)


def settled(findings: Sequence[Finding], home: Path) -> str:
    """The report without what differs from run to run."""

    def text(said: str) -> str:
        for pattern, instead in NUMBERS:
            said = re.sub(pattern, instead, said)
        return said.replace(str(home), "HOME")

    told = [replace(each, text=text(each.text), next_step=each.next_step and text(each.next_step)) for each in findings]
    return click.unstyle(as_text(told)).replace(__version__, "VERSION")


def write(file: Path, entries: Mapping[str, Any]) -> None:
    file.parent.mkdir(exist_ok=True)
    file.write_text(json.dumps({"mcpServers": entries}))


def block(*command: str, **env: str) -> dict[str, Any]:
    return {"command": command[0], "args": list(command[1:]), "env": env}


def snapshot(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Every file below, with its time and content."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {str(path): (path.stat().st_mtime_ns, path.read_bytes()) for path in files}


@pytest.mark.promise("D115", "D116", "D117", "D118")
async def test_a_healthy_machine_is_told_so_and_nothing_is_written(tmp_path: Path) -> None:
    async with server(answer()) as stop:
        url = f"http://127.0.0.1:{stop.port}/api/v1/"
        ours = block(SERVE[0], "-P", *SERVE[1:], REMEMBERIZER_BASE_URL=url)
        write(tmp_path / ".cursor" / "mcp.json", {"rememberizer": ours, "other": block("/bin/false")})
        before = snapshot(tmp_path)
        findings = await diagnose(patient(bare_environment(tmp_path, REMEMBERIZER_BASE_URL=url)))
    told = settled(findings, tmp_path)
    assert re.sub(r"(BASE_URL is `http://127.0.0.1:)[0-9]+", r"\1N", told) == HEALTHY
    assert max(map(len, told.splitlines())) <= 80
    assert not failed(findings)
    assert snapshot(tmp_path) == before
    assert len(stop.asked) == 1


@pytest.mark.promise("D115", "D116", "D118", "D119")
async def test_a_sick_machine_is_told_all_of_it_with_the_next_steps(tmp_path: Path) -> None:
    entries = {"rememberizer": block("uvx-of-nobody"), "rememberizer-sandbox": {"command": 5}}
    write(tmp_path / ".cursor" / "mcp.json", entries)
    (tmp_path / ".claude.json").write_text("{")
    environ = bare_environment(
        tmp_path, REMEMBERIZER_BASE_URL="http://127.0.0.1:1/api/v1/", REMEMBERIZER_LOG_LEVEL="loud",
        REMEMBERIZER_KEEP_SIGNED_IN="keyring", REMEMBERIZER_PASSWROD=CANARY,
    )  # fmt: skip
    findings = await diagnose(patient(environ))
    assert settled(findings, tmp_path) == SICK
    assert failed(findings)


@pytest.mark.promise("D117", "S44")
@pytest.mark.parametrize("base_url", matrix(BASE_URLS, usual=["with secrets"]))
async def test_no_secret_is_in_the_report_wherever_it_stood(base_url: str, tmp_path: Path) -> None:
    """In settings, files, proxies, and in hosts' entries of ours and of others."""
    (tmp_path / "secret").write_text(CANARY)
    script = f"env >&2; echo '{ENTRYS}'; exit 1"
    entries = {
        "rememberizer": block("/bin/sh", "-c", script, f"--password={ENTRYS}-2", REMEMBERIZER_API_TOKEN=f"{ENTRYS}-3"),
        "rememberizer-sandbox": block(*SERVE, REMEMBERIZER_PASSWORD=CANARY),
        "other": block("/bin/sh", "-c", "exit 1", TOKEN=CANARY),
    }
    write(tmp_path / ".cursor" / "mcp.json", entries)
    (tmp_path / ".claude.json").write_text(f'{{"token": "{CANARY}" ')
    environ = bare_environment(
        tmp_path, HTTPS_PROXY=f"http://ada:{CANARY}@127.0.0.1:1", REMEMBERIZER_LOG_LEVEL=CANARY, **{
            variable(name): CANARY for name in SECRETS[1:]
        }, REMEMBERIZER_PASSWORD_FILE=str(tmp_path / "secret"), REMEMBERIZER_EMIAL=CANARY,
        REMEMBERIZER_RECAPTCHA_SITE_KEY=f"{CANARY} {CANARY}", REMEMBERIZER_BASE_URL=base_url,
    )  # fmt: skip
    findings = await diagnose(patient(environ))
    report = as_text(findings) + as_json(findings)
    assert "canary" not in report
    assert "[redacted]" in report


@pytest.mark.promise("D119")
async def test_a_machine_where_everything_hangs_is_done_in_time(tmp_path: Path) -> None:
    write(tmp_path / ".cursor" / "mcp.json", {"rememberizer": block("/bin/sleep", HANGS)})
    machine = Machine(
        environ=bare_environment(tmp_path), server=("/bin/sleep", HANGS), checks=("/bin/sh", "-c", f"sleep {HANGS}"),
        aside_until=0.3, own_until=0.6, hosts_until=0.9, again_until=1.2, least=0.3,
    )  # fmt: skip
    begun = time.monotonic()
    findings = await diagnose(machine)
    assert time.monotonic() - begun < float(HANGS)
    assert [finding.level for finding in findings[2:]] == [Level.FAILURE] * 7
    assert findings[2].text == "The check did not end within 0 s."


@pytest.mark.promise("D119")
async def test_the_longest_run_stays_below_half_a_minute() -> None:
    machine = Machine()
    rest = 2.0 + 0.5  # what an exchange may take beyond its limit: see exchange.py and spawned.py
    assert machine.aside_until + machine.least + rest < machine.own_until
    assert machine.own_until + machine.least + rest < machine.hosts_until
    assert machine.hosts_until + machine.least + rest < machine.again_until
    assert machine.again_until + rest < 30


@pytest.mark.promise("D119")
@pytest.mark.parametrize(
    ("script", "text"),
    [
        ("echo nonsense", "The check could not run: it ended with code 0."),
        ("echo 5", "The check could not run: it ended with code 0."),
        ("echo ModuleNotFoundError: pydantic >&2; exit 1", "The check could not run: it ended with code 1."),
        ("echo '[{}]'", "The check itself broke off: KeyError at report.py:"),
        ("kill -9 $$", "The check could not run: it ended with code -9."),
    ],
)
async def test_a_check_that_crashes_is_one_failure_each(script: str, text: str, tmp_path: Path) -> None:
    machine = Machine(environ=bare_environment(tmp_path), server=("/bin/false",), checks=("/bin/sh", "-c", script))
    findings = await diagnose(machine, sandbox=True)
    crashed = [finding for finding in findings if finding.level is Level.FAILURE and finding.name != "stdio"]
    assert [finding.name for finding in crashed] == ["settings", "keyring", "browser", "hosts"]
    assert all(finding.text.startswith(text.partition(" at ")[0]) for finding in crashed)


@pytest.mark.exhaustive
@pytest.mark.promise("D119")
async def test_checks_that_crash_keep_no_server_from_being_started(tmp_path: Path) -> None:
    machine = replace(patient(bare_environment(tmp_path)), checks=("/bin/false",))
    findings = await diagnose(machine, sandbox=True)
    assert {finding.name for finding in findings if finding.level is Level.OK} >= {"stdio"}
    assert [finding.level for finding in findings if finding.name == "stdio"] == [Level.OK, Level.OK]


@pytest.mark.promise("D119")
async def test_a_check_that_can_not_start_is_a_failure(tmp_path: Path) -> None:
    machine = Machine(environ=bare_environment(tmp_path), checks=("/nowhere/python",), server=("/nowhere/python",))
    findings = await diagnose(machine)
    assert {finding.level for finding in findings[2:]} == {Level.FAILURE}
    assert "The check could not start: No such file or directory." in {finding.text for finding in findings}


def run(*options: str, environ: Mapping[str, str], folder: Path) -> "subprocess.CompletedProcess[str]":
    """The installed command itself."""
    return subprocess.run(
        [SCRIPT, "doctor", *options], env=environ, cwd=folder, capture_output=True, text=True, timeout=40, check=False
    )


@pytest.mark.exhaustive
@pytest.mark.promise("D119")
def test_the_sandbox_needs_no_network_and_the_exit_code_is_0(tmp_path: Path) -> None:
    done = run("--sandbox", "--json", environ=bare_environment(tmp_path), folder=tmp_path)
    report = json.loads(done.stdout)
    assert (done.returncode, done.stderr, report["ok"], report["version"]) == (0, "", True, __version__)
    names = [finding["name"] for finding in report["findings"]]
    assert names == ["python", "packages", "settings", "network", "keyring", "browser", "stdio", "stdio", "hosts"]
    assert all(set(each) == {"name", "level", "text", "next_step", "ms"} for each in report["findings"])
    assert report["findings"][3]["text"] == "Not needed: the sandbox is part of the server."
    assert set(report["findings"][6]["ms"]) == {"first", "tools", "call", "end"}


@pytest.mark.exhaustive
@pytest.mark.promise("D119")
def test_a_failure_makes_the_exit_code_1_and_a_typo_no_traceback(tmp_path: Path) -> None:
    (tmp_path / "anyio.py").write_text("raise SystemExit(3)")  # a file of that name, where it is started
    environ = bare_environment(tmp_path, REMEMBERIZER_BASE_URL="htps:/api.example.org")
    done = run(environ=environ, folder=tmp_path)
    assert (done.returncode, done.stderr) == (1, "")
    assert "\033" not in done.stdout
    assert "failure  settings     REMEMBERIZER_BASE_URL: must be" in done.stdout
    assert "warning  network      Not looked at" in done.stdout
    assert done.stdout.splitlines()[-1] == "1 failure and 1 warning."


@pytest.mark.promise("D119")
@pytest.mark.parametrize("name", ["settings", "keyring", "browser"])
async def test_no_check_needs_a_home(name: str, tmp_path: Path) -> None:
    environ = {key: value for key, value in bare_environment(tmp_path).items() if key != "HOME"}
    (found,) = await aside(name, environ=environ, limit_seconds=20)
    assert found["level"] == "ok"
