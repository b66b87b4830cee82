"""The newcomer's first command."""

import os
import pty
import re
import subprocess
from contextlib import suppress
from pathlib import Path

import anyio
import pytest
from rememberizer_mcp.server.demo import StepFailed, read_mail, run

from tests.support.process import SERVE, clean_environment, modern, running

ORDER = ["signup", "verify", "session_status", "refresh", "logout", "login", "login", "session_status", "logout"]


@pytest.fixture(autouse=True)
def runtime(tmp_path: Path) -> None:
    os.environ["XDG_RUNTIME_DIR"] = str(tmp_path)


@pytest.mark.promise("D39")
def test_the_demo_walks_the_whole_life_in_plain_text() -> None:
    done = subprocess.run(
        [*SERVE, "demo"],
        env=clean_environment(EMAIL="not-read@example.org", BASE_URL="http://unusable.example/"),
        capture_output=True,
        timeout=60,
        check=False,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert re.findall(r"^    (\w+)\(", done.stdout, re.MULTILINE) == ORDER
    assert "invalid_credentials" in done.stdout
    assert len(re.findall(r"  \d+ ms$", done.stdout, re.MULTILINE)) == len(ORDER)
    assert "\x1b" not in done.stdout
    assert done.stdout.rstrip().splitlines()[-1].startswith("Every step did what it should, in ")
    assert done.stderr == ""


@pytest.mark.promise("D39")
@pytest.mark.parametrize(("no_color", "coloured"), [("", True), ("1", False)])
def test_the_demo_is_coloured_on_a_terminal(no_color: str, coloured: bool) -> None:
    ours, theirs = pty.openpty()
    environment = clean_environment() | {"NO_COLOR": no_color, "TERM": "xterm"}
    with subprocess.Popen([*SERVE, "demo"], env=environment, stdout=theirs, stdin=subprocess.DEVNULL) as popen:
        os.close(theirs)
        said = b""
        with suppress(OSError):  # how Linux tells that the other side has closed
            while True:
                said += os.read(ours, 65536)
    os.close(ours)
    assert popen.returncode == 0
    assert (b"\x1b[" in said) is coloured


@pytest.mark.promise("D39")
def test_a_step_that_fails_fails_the_demo(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--variant=signup_tokens=none"]) == 1
    assert "step 2 (verify) came to 'not_signed_in' and not to 'signed_in'." in capsys.readouterr().out


@pytest.mark.promise("D39")
def test_a_server_that_does_not_start_fails_the_demo(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--no-such-option"]) == 1
    assert "The demo failed: " in capsys.readouterr().out


@pytest.mark.promise("D39")
def test_a_mail_that_did_not_come_fails_the_demo() -> None:
    with running("--sandbox") as process:
        process.ask(modern(1, "server/discover"))
        with pytest.raises(StepFailed, match=r"no mail to nobody@example\.org"):
            anyio.run(read_mail, "nobody@example.org")


def test_a_fault_of_the_demo_itself_is_not_hidden() -> None:
    with pytest.raises(ValueError, match="args"):
        run([object()])  # type: ignore[list-item]  # that is the fault
