"""The newcomer's first command."""

import os
import pty
import re
import subprocess
from contextlib import suppress
from pathlib import Path

import anyio
import anyio.to_thread
import pytest
from rememberizer_mcp.server.cli.demo import StepFailed, read_mail, run, sign_in_at

from tests.support.agent import agent_on, server_on
from tests.support.process import SERVE, clean_environment, modern, running
from tests.support.tiers import matrix
from tests.support.upstream import usual

ORDER = ["search", "search", "read_document", "remember", "search", "session_status", "refresh", "logout"]
ORDER += ["signup", "verify", "login", "session_status", "logout"]


@pytest.fixture(autouse=True)
def runtime(tmp_path: Path) -> None:
    os.environ["XDG_RUNTIME_DIR"] = str(tmp_path)


@pytest.mark.traced
@pytest.mark.promise("cli:demo:whole-life")
def test_the_demo_walks_the_whole_life_in_plain_text_whatever_the_user_s_settings_are(tmp_path: Path) -> None:
    environment = clean_environment(EMAIL="not-read@example.org", BASE_URL="http://unusable.example/")
    environment |= {"rememberizer_log_level": "unusable", "http_proxy": "http://127.0.0.1:9", "PATH": str(tmp_path)}
    done = subprocess.run([*SERVE, "demo"], env=environment, capture_output=True, timeout=60, check=False, text=True)
    assert done.returncode == 0, done.stderr
    assert re.findall(r"^    (\w+)\(", done.stdout, re.MULTILINE) == ORDER
    assert re.search(r"sign_in_url +http://127\.0\.0\.1:\d+/", done.stdout)
    assert "(the person opens the link, compares the code, and continues as the sandbox's guest)" in done.stdout
    assert "invalid_credentials" in done.stdout
    assert "Bread baking times in our oven (memory): The oven lies" in done.stdout
    assert "The demo's note (memory): The marmalade zeppelin departs" in done.stdout
    assert "[data-" not in done.stdout
    assert len(re.findall(r"  \d+ ms$", done.stdout, re.MULTILINE)) == len(ORDER)
    assert "\x1b" not in done.stdout
    assert done.stdout.rstrip().splitlines()[-1].startswith("Every step did what it should, in ")
    assert done.stderr == ""


@pytest.mark.promise("cli:demo:whole-life", "page:person:who-asked")
async def test_the_person_does_not_sign_in_at_a_page_with_another_code() -> None:
    upstream = usual()
    async with agent_on(server_on(upstream.transport)) as agent:
        url = (await agent.call("login"))["sign_in_url"]
        with pytest.raises(StepFailed, match="does not show 'no such'"):
            await anyio.to_thread.run_sync(sign_in_at, url, "no such")
    assert not upstream.requests


@pytest.mark.promise("cli:demo:whole-life")
@pytest.mark.parametrize(
    ("no_color", "coloured"), matrix({"coloured": ("", True), "NO_COLOR": ("1", False)}, usual=["coloured"])
)
def test_the_demo_is_coloured_on_a_terminal(no_color: str, coloured: bool, tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    environment = clean_environment() | {"NO_COLOR": no_color, "TERM": "xterm", "PATH": str(tmp_path)}
    with subprocess.Popen([*SERVE, "demo"], env=environment, stdout=theirs, stdin=subprocess.DEVNULL) as popen:
        os.close(theirs)
        said = b""
        with suppress(OSError):  # how Linux tells that the other side has closed
            while True:
                said += os.read(ours, 65536)
    os.close(ours)
    assert popen.returncode == 0
    assert (b"\x1b[" in said) is coloured


@pytest.mark.promise("cli:demo:whole-life")
def test_a_step_that_fails_fails_the_demo(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--variant=signup_tokens=none"]) == 1
    assert "step 10 (verify) came to 'not_signed_in' and not to 'signed_in'." in capsys.readouterr().out


@pytest.mark.traced
@pytest.mark.promise("cli:demo:whole-life")
def test_a_variant_that_the_demo_can_not_follow_is_refused_before_it_begins() -> None:
    command = [*SERVE, "demo", "--variant", "signup_tokens=none"]
    done = subprocess.run(command, env=clean_environment(), capture_output=True, check=False, text=True)
    assert (done.returncode, done.stdout) == (2, "")
    assert "of signup_tokens it can't follow `none`" in " ".join(done.stderr.split())


@pytest.mark.promise("cli:demo:whole-life")
def test_a_server_that_does_not_start_fails_the_demo(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--no-such-option"]) == 1
    assert "The demo failed: " in capsys.readouterr().out


@pytest.mark.promise("cli:demo:whole-life")
def test_a_mail_that_did_not_come_fails_the_demo() -> None:
    with running("--sandbox") as process:
        process.ask(modern(1, "tools/call", name="session_status", arguments={}))
        with pytest.raises(StepFailed, match=r"no mail to nobody@example\.org"):
            anyio.run(read_mail, "nobody@example.org")


def test_a_fault_of_the_demo_itself_is_not_hidden() -> None:
    with pytest.raises(ValueError, match="args"):
        run([object()])  # type: ignore[list-item]  # that is the fault
