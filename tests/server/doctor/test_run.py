"""The whole examination: healthy and sick machines, and what must never be in its report."""

import fcntl
import json
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from collections.abc import Mapping
from pathlib import Path

import click
import pytest
from rememberizer_mcp.server import __version__
from rememberizer_mcp.server.doctor.report import as_json, as_text, failed
from rememberizer_mcp.server.doctor.run import diagnose
from rememberizer_mcp.server.settings.settings import SECRETS, variable

from tests.server.doctor.machines import CANARY, block, patient, settled, snapshot, write
from tests.support.process import SERVE
from tests.support.secret_service import bare_environment
from tests.support.tiers import matrix
from tests.support.way import answer, server

ENTRYS = "canary-in-an-entry"
"""Stands in hosts' files only, so that nothing else teaches the doctor to hide it."""
BASE_URLS = {"usable": "https://api.example.org/", "with secrets": f"https://ada:{CANARY}@api.example.org/?{CANARY}"}
SCRIPT = Path(sys.executable).parent / "rememberizer-mcp"
HEALTHY = """\
rememberizer-mcp VERSION: All is well.

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
                      stdout."""
SICK = """\
rememberizer-mcp VERSION: 5 failures (settings, network, keyring, hosts) and 3
warnings (settings, hosts).

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
                      -> If the server needs these, add them to the entry's
                         variables. For a secret, use its `_FILE` variable. The
                         entry of Cursor is in HOME/.cursor/mcp.json. Switch the
                         server on in Cursor's settings, under MCP.
failure  hosts        Cursor (sandbox): our entry in HOME/.cursor/mcp.json holds
                      no command.
                      -> Run `rememberizer-mcp install cursor --sandbox`. Switch
                         the server on in Cursor's settings, under MCP."""


@pytest.mark.traced
@pytest.mark.promise("doctor:looks:settings", "doctor:looks:network", "doctor:safe:only-reads", "doctor:looks:commands")
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


@pytest.mark.promise("doctor:looks:settings", "doctor:looks:network", "doctor:looks:commands", "doctor:safe:ends")
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


@pytest.mark.promise("doctor:safe:only-reads", "settings:secrets:never-shown")
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


def run(*options: str, environ: Mapping[str, str], folder: Path) -> "subprocess.CompletedProcess[str]":
    """The installed command itself."""
    return subprocess.run(
        [SCRIPT, "doctor", *options], env=environ, cwd=folder, capture_output=True, text=True, timeout=40, check=False
    )


@pytest.mark.traced
@pytest.mark.exhaustive
@pytest.mark.promise("doctor:safe:ends")
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
@pytest.mark.promise("doctor:safe:ends")
def test_a_failure_makes_the_exit_code_1_and_a_typo_no_traceback(tmp_path: Path) -> None:
    (tmp_path / "anyio.py").write_text("raise SystemExit(3)")  # a file of that name, where it is started
    environ = bare_environment(tmp_path, REMEMBERIZER_BASE_URL="htps:/api.example.org")
    done = run(environ=environ, folder=tmp_path)
    assert (done.returncode, done.stderr) == (1, "")
    assert "\033" not in done.stdout
    assert "failure  settings     REMEMBERIZER_BASE_URL: must be" in done.stdout
    assert "warning  network      Not looked at" in done.stdout
    assert done.stdout.splitlines()[0].endswith(": 1 failure (settings) and 1 warning (network).")


@pytest.mark.exhaustive
def test_on_a_terminal_the_report_is_as_wide_as_it(tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("4H", 24, 100, 0, 0))
    environ = {name: value for name, value in bare_environment(tmp_path).items() if name != "COLUMNS"}
    with subprocess.Popen(
        [SCRIPT, "doctor", "--sandbox"], env=environ, stdout=theirs, stderr=subprocess.PIPE
    ) as doctor:
        os.close(theirs)
        _, said = doctor.communicate(timeout=40)
    with os.fdopen(ours, "rb") as terminal:
        report = click.unstyle(terminal.read1(100_000).decode())
    assert said == b""
    assert 80 < max(map(len, report.splitlines())) <= 100
