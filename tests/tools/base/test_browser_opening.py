"""The server opens the page itself where it may, once, and says so."""

import os
import shlex
import sys
from pathlib import Path

import pytest

from tests.support.agent import ERAS, Around, Era, agent_on, server_on
from tests.support.cards import DECLARED
from tests.support.person import Asking, sign_in_at
from tests.support.sessions import resync
from tests.support.upstream import usual

pytestmark = [pytest.mark.promise("sign-in:browser:opened-once"), pytest.mark.parametrize("era", ERAS)]
PATIENT = Around(patience_seconds=15)
BRIEF = Around(patience_seconds=2)
SIGNS_IN = """
import sys, urllib.parse, urllib.request
url = sys.argv[1]
print("noise on stdout")
form = urllib.parse.urlencode({"form": "sign_in", "email": "ada@example.org", "password": "canary-password"}).encode()
origin = url.rpartition("/")[0]
urllib.request.urlopen(urllib.request.Request(url, form, {"Origin": origin})).read()
"""
TAKES_NOTE = """
import pathlib, sys
with pathlib.Path(__file__).with_suffix(".seen").open("a") as seen:
    seen.write(sys.argv[1] + chr(10))
"""


def browser(folder: Path, script: str) -> Path:
    """The default browser of this machine, for as long as the test runs."""
    program = folder / "browser.py"
    program.write_text(script, encoding="utf-8")
    os.environ["BROWSER"] = f"{shlex.quote(sys.executable)} {shlex.quote(str(program))} %s"
    return program.with_suffix(".seen")


async def test_a_person_at_a_desktop_signs_in_while_the_call_waits(era: Era, tmp_path: Path) -> None:
    browser(tmp_path, SIGNS_IN)
    async with agent_on(server_on(usual().transport, None, PATIENT, open_browser="always"), era) as agent:
        status = await agent.call("login")
    assert (status["state"], status["method"]) == ("signed_in", "browser")


async def test_a_page_is_opened_once_and_the_link_is_given_too(era: Era, tmp_path: Path) -> None:
    seen = browser(tmp_path, TAKES_NOTE)
    async with agent_on(server_on(usual().transport, None, BRIEF, open_browser="always"), era) as agent:
        status = await agent.call("login")
        assert status["next"].startswith("The page was opened in the user's browser; if they don't see it, give them")
        again = await agent.call("login")
        assert (again["state"], again["sign_in_url"]) == ("pending", status["sign_in_url"])
        await resync()
    assert seen.read_text(encoding="utf-8").splitlines() == [status["sign_in_url"]]


async def test_where_cards_are_declared_a_page_is_opened_once_too_and_no_call_waits(era: Era, tmp_path: Path) -> None:
    seen = browser(tmp_path, TAKES_NOTE)
    server = server_on(usual().transport, None, Around(patience_seconds=600), open_browser="always")
    async with agent_on(server, era, extensions=DECLARED) as agent:
        status = await agent.call("login")
        assert status["next"].startswith("The page was opened in the user's browser; if they don't see it, give them")
        assert (await agent.call("login"))["next"].startswith("Give the user the link")
    assert seen.read_text(encoding="utf-8").splitlines() == [status["sign_in_url"]]


async def test_where_cards_are_declared_a_browser_that_can_not_be_started_leaves_the_link(era: Era) -> None:
    os.environ["BROWSER"] = "/nowhere/browser %s"
    os.environ["PATH"] = "/nowhere"
    server = server_on(usual().transport, None, PATIENT, open_browser="always")
    async with agent_on(server, era, extensions=DECLARED) as agent:
        assert (await agent.call("login"))["next"].startswith("Give the user the link")


@pytest.mark.parametrize("wish", ["never", "auto"])
async def test_none_is_opened_where_it_is_not_wanted_or_nobody_sits(era: Era, wish: str, tmp_path: Path) -> None:
    seen = browser(tmp_path, TAKES_NOTE)
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        os.environ.pop(name, None)
    async with agent_on(server_on(usual().transport, None, PATIENT, open_browser=wish), era) as agent:
        assert (await agent.call("login"))["next"].startswith("Give the user the link")
    assert not seen.exists()


async def test_a_browser_that_can_not_be_started_leaves_the_link(era: Era) -> None:
    os.environ["BROWSER"] = "/nowhere/browser %s"
    os.environ["PATH"] = "/nowhere"
    async with agent_on(server_on(usual().transport, None, PATIENT, open_browser="always"), era) as agent:
        assert (await agent.call("login"))["next"].startswith("Give the user the link")


async def test_a_host_that_can_ask_is_asked_and_no_browser_is_opened(era: Era, tmp_path: Path) -> None:
    seen = browser(tmp_path, TAKES_NOTE)
    host = Asking("cancel")
    server = server_on(usual().transport, None, PATIENT, open_browser="always")
    async with agent_on(server, era, elicitation_callback=host) as agent:
        status = await agent.call("login")
        assert status["state"] == "pending"
        await sign_in_at(status["sign_in_url"])
    assert not seen.exists()
