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
from tests.support.runtime_folders import IN_THE_WAY, by_a_file, by_somebody_else

SAID = "`rememberizer-mcp sandbox outbox` will not find this sandbox: "


def call(process: Process, tool: str, /, **arguments: Any) -> dict[str, Any]:
    content: dict[str, Any] = process.ask(modern(1, "tools/call", name=tool, arguments=arguments))["result"]
    return content["structuredContent"]  # type: ignore[no-any-return]  # JSON


def environment(temporary: Path) -> dict[str, str]:
    """Of a host that hands on no XDG_RUNTIME_DIR, on a machine without a folder of ours below /run."""
    kept = {name: value for name, value in clean_environment(OPEN_BROWSER="never").items() if name != "XDG_RUNTIME_DIR"}
    return kept | {"TMPDIR": str(temporary)}


def runtime_folder(temporary: Path) -> Path:
    return temporary / f"runtime-{os.geteuid()}"


@pytest.mark.promise("sandbox:runtime-folder:serves-without", "S13")
@pytest.mark.untraced
@pytest.mark.parametrize("take", IN_THE_WAY)
def test_a_server_on_the_sandbox_serves_and_says_so_once(take: Callable[[Path], None], tmp_path: Path) -> None:
    take(runtime_folder(tmp_path))
    with running("--sandbox", environment=environment(tmp_path)) as process:
        account = ADA | {"captcha": "sandbox-captcha"}
        assert call(process, "signup", **account, name="Ada")["state"] == "unverified"
        assert call(process, "login")["state"] == "unverified"
        took, code, rest, noise = process.end_input()
    assert (took < 1, code, rest, noise.count(b"\n")) == (True, 0, b"", 1)
    assert SAID in noise.decode()


@pytest.mark.promise("sandbox:runtime-folder:serves-without")
@pytest.mark.untraced
@pytest.mark.parametrize("take", [by_somebody_else, by_a_file])
def test_the_sandbox_over_http_serves_and_shows_its_outbox(take: Callable[[Path], None], tmp_path: Path) -> None:
    take(runtime_folder(tmp_path))
    with running("sandbox", "--port", "0", environment=environment(tmp_path)) as process:
        assert process.popen.stdout is not None
        shown = dict(process.popen.stdout.readline().decode().split(": ", 1) for _ in range(4))
        page = httpx.get(shown["  Outbox"].strip(), trust_env=False)
        process.popen.terminate()
        _, code, _, noise = process.finish()
    assert (page.status_code, code, noise.count(b"\n")) == (200, 0, 1)
    assert noise.decode().startswith(SAID)


@pytest.mark.promise("sandbox:runtime-folder:serves-without")
@pytest.mark.untraced
@pytest.mark.parametrize("arguments", [("demo",), ("sandbox", "outbox")])
def test_what_reads_the_outbox_ends_with_a_sentence(arguments: tuple[str, ...], tmp_path: Path) -> None:
    by_a_file(runtime_folder(tmp_path))
    done = subprocess.run(
        [*SERVE, *arguments], env=environment(tmp_path), capture_output=True, timeout=60, check=False, text=True
    )
    assert (done.returncode, "Traceback" in done.stderr) == (1, False)
    assert "set XDG_RUNTIME_DIR instead." in done.stdout + done.stderr
