"""Real processes whose runtime folder somebody else has taken: the sandbox serves, and its outbox is not published."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.agent import ADA
from tests.support.process import SERVE, Process, clean_environment, modern, running
from tests.support.runtime_folders import by_a_dangling_link, by_a_file, by_a_link, by_somebody_else

SAID = "`rememberizer-mcp sandbox outbox` will not find this sandbox: "


def call(process: Process, tool: str, /, **arguments: Any) -> dict[str, Any]:
    content: dict[str, Any] = process.ask(modern(1, "tools/call", name=tool, arguments=arguments))["result"]
    return content["structuredContent"]  # type: ignore[no-any-return]  # JSON


def environment(**variables: object) -> dict[str, str]:
    kept = {name: value for name, value in clean_environment(OPEN_BROWSER="never").items() if name != "XDG_RUNTIME_DIR"}
    return kept | {name: str(value) for name, value in variables.items()}


def life_on_the_sandbox(environment: dict[str, str]) -> str:
    """What the log says of a sign-up and the end."""
    with running("--sandbox", environment=environment) as process:
        account = ADA | {"captcha": "sandbox-captcha"}
        assert call(process, "signup", **account, name="Ada")["state"] == "unverified"
        assert call(process, "login")["state"] == "unverified"
        _, code, rest, noise = process.end_input()
    assert (code, rest) == (0, b"")
    return noise.decode()


@pytest.mark.promise("sandbox:outbox:unusable-folder", "settings:files:private")
@pytest.mark.parametrize("take", [by_a_file, by_a_link, by_a_dangling_link])
def test_a_server_on_the_sandbox_serves_and_says_so_once(take: Callable[[Path], None], tmp_path: Path) -> None:
    take(tmp_path / "rememberizer-mcp")
    (said,) = life_on_the_sandbox(environment(XDG_RUNTIME_DIR=tmp_path)).splitlines()
    assert SAID in said


@pytest.mark.exhaustive
@pytest.mark.promise("sandbox:outbox:unusable-folder", "settings:files:private")
@pytest.mark.parametrize("take", [by_somebody_else, by_a_file])
def test_the_folder_below_the_temporary_one_may_be_taken_as_well(take: Callable[[Path], None], tmp_path: Path) -> None:
    """Of a host that hands on no XDG_RUNTIME_DIR; where the system has a folder for each user, that one is used."""
    take(tmp_path / f"runtime-{os.geteuid()}")
    said = life_on_the_sandbox(environment(TMPDIR=tmp_path))
    assert said.count(SAID) == (0 if Path(f"/run/user/{os.geteuid()}").is_dir() else 1)


@pytest.mark.promise("sandbox:outbox:unusable-folder")
def test_the_sandbox_over_http_serves_and_shows_its_outbox(tmp_path: Path) -> None:
    by_a_file(tmp_path / "rememberizer-mcp")
    with running("sandbox", "--port", "0", environment=environment(XDG_RUNTIME_DIR=tmp_path)) as process:
        assert process.popen.stdout is not None
        shown = dict(process.popen.stdout.readline().decode().split(": ", 1) for _ in range(4))
        page = httpx.get(shown["  Outbox"].strip(), trust_env=False)
        process.popen.terminate()
        _, code, _, noise = process.finish()
    assert (page.status_code, code, noise.count(b"\n")) == (200, 0, 1)
    assert noise.decode().startswith(SAID)


@pytest.mark.promise("sandbox:outbox:unusable-folder")
@pytest.mark.parametrize("arguments", [("demo",), ("sandbox", "outbox")])
def test_what_reads_the_outbox_ends_with_a_sentence(arguments: tuple[str, ...], tmp_path: Path) -> None:
    by_a_file(tmp_path / "rememberizer-mcp")
    done = subprocess.run(
        [*SERVE, *arguments], env=environment(XDG_RUNTIME_DIR=tmp_path), capture_output=True, timeout=60, check=False,
        text=True,
    )  # fmt: skip
    said = f"{tmp_path / 'rememberizer-mcp'} must be a directory of your own, and no symbolic link."
    assert (done.returncode, "Traceback" in done.stderr, said in done.stdout + done.stderr) == (1, False, True)
