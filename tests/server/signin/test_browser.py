"""Opening the default browser: where somebody sits, as one argument, in silence."""

import os
import shlex
import subprocess
import sys
from pathlib import Path

import anyio
import pytest
from rememberizer_mcp.server.signin.browser import open_browser, should_open

from tests.support.sessions import resync

SHELL = "http://127.0.0.1:1/a;touch${IFS}hacked?x=`id`&y=$(id)#'\""


@pytest.mark.promise("sign-in:browser:opened-once")
@pytest.mark.parametrize(
    ("wish", "platform", "environ", "opens"),
    [
        ("always", "linux", {}, True),
        ("never", "darwin", {"DISPLAY": ":0"}, False),
        ("auto", "linux", {}, False),
        ("auto", "linux", {"DISPLAY": ":0"}, True),
        ("auto", "linux", {"WAYLAND_DISPLAY": "wayland-0"}, True),
        ("auto", "linux", {"DISPLAY": ":0", "SSH_CONNECTION": "1.2.3.4 5 6.7.8.9 22"}, False),
        ("auto", "darwin", {}, True),
        ("auto", "win32", {}, True),
        ("auto", "darwin", {"SSH_TTY": "/dev/ttys001"}, False),
    ],
)
def test_a_browser_is_opened_where_a_person_sits(
    wish: str, platform: str, environ: dict[str, str], opens: bool
) -> None:
    assert should_open(wish, platform=platform, environ=environ) is opens  # type: ignore[arg-type]  # one of three


@pytest.mark.promise("sign-in:browser:no-shell", "process:stdout:protocol-only")
def test_an_address_is_one_argument_and_a_browser_has_no_part_in_what_host_and_server_say(tmp_path: Path) -> None:
    program = tmp_path / "browser.py"
    program.write_text(
        "import pathlib, sys; print('noise'); pathlib.Path('seen').write_text(repr([*sys.argv[1:], sys.stdin.read()]))"
    )
    (tmp_path / "webbrowser.py").write_text("raise SystemExit")  # of the folder in which a host starts us
    os.environ["BROWSER"] = f"{shlex.quote(sys.executable)} {shlex.quote(str(program))} %s"
    script = (
        "import anyio, sys; from rememberizer_mcp.server.signin.browser import open_browser; "
        "print(anyio.run(open_browser, sys.argv[1]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, SHELL],
        cwd=tmp_path,
        input="of the host",
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("True\n", "")
    assert (tmp_path / "seen").read_text() == repr([SHELL, ""])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["browser.py", "seen", "webbrowser.py"]


@pytest.mark.promise("sign-in:browser:no-shell")
@pytest.mark.parametrize("url", ["file:///etc/passwd", "javascript:alert(1)", "-version", ""])
async def test_only_web_pages_are_opened(url: str) -> None:
    with pytest.raises(ValueError, match="only web pages"):
        await open_browser(url)


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/", "https://127.0.0.1:1/"])
async def test_without_a_browser_nothing_was_opened(url: str) -> None:
    os.environ["BROWSER"] = "/nowhere %s"
    os.environ["PATH"] = "/nowhere"
    assert not await open_browser(url)


@pytest.mark.promise("sign-in:browser:opened-once")
async def test_a_launcher_that_stays_in_the_foreground_has_opened_the_page(tmp_path: Path) -> None:
    program = tmp_path / "browser.py"
    program.write_text("import pathlib, time\nwhile pathlib.Path(__file__).exists(): time.sleep(0.1)")
    os.environ["BROWSER"] = f"{shlex.quote(sys.executable)} {shlex.quote(str(program))} %s"
    with anyio.fail_after(10):
        assert await open_browser("http://127.0.0.1:1/", limit_seconds=0.3)
    program.unlink()
    await resync()


@pytest.mark.promise("sign-in:browser:opened-once")
async def test_a_browser_that_stays_open_after_its_launcher_keeps_nobody_waiting(tmp_path: Path) -> None:
    program, stays = tmp_path / "browser.py", tmp_path / "stays.py"
    program.write_text(f"import subprocess, sys; subprocess.Popen([sys.executable, {str(stays)!r}])")
    stays.write_text("import pathlib, time\nwhile pathlib.Path(__file__).exists(): time.sleep(0.1)")
    os.environ["BROWSER"] = f"{shlex.quote(sys.executable)} {shlex.quote(str(program))} %s"
    with anyio.fail_after(20):
        assert await open_browser("http://127.0.0.1:1/", limit_seconds=60)
    stays.unlink()


@pytest.mark.promise("sign-in:browser:opened-once")
async def test_a_browser_is_in_no_session_of_ours_so_that_it_does_not_end_with_us(tmp_path: Path) -> None:
    program = tmp_path / "browser.py"
    program.write_text("import os, pathlib; pathlib.Path(__file__).with_suffix('.seen').write_text(str(os.getsid(0)))")
    os.environ["BROWSER"] = f"{shlex.quote(sys.executable)} {shlex.quote(str(program))} %s"
    assert await open_browser("http://127.0.0.1:1/")
    assert int(program.with_suffix(".seen").read_text()) != os.getsid(0)


@pytest.mark.promise("settings:secrets:never-argv", "settings:secrets:never-shown")
async def test_a_browser_is_told_none_of_our_settings(tmp_path: Path) -> None:
    program = tmp_path / "browser.py"
    program.write_text("import os, pathlib; pathlib.Path(__file__).with_suffix('.seen').write_text(repr(os.environ))")
    os.environ["BROWSER"] = f"{shlex.quote(sys.executable)} {shlex.quote(str(program))} %s"
    os.environ["REMEMBERIZER_PASSWORD"] = "canary"
    assert await open_browser("http://127.0.0.1:1/")
    assert "canary" not in program.with_suffix(".seen").read_text()
