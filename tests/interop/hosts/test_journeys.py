"""Real chat hosts, on the entry that ``install`` writes: from the question to the sign-in, and on to the result."""

import os
import re
import select
from pathlib import Path

import pytest

from tests.interop.hosts.conversation import conversation, sign_up_at
from tests.interop.hosts.table import CHAT_HOSTS, COMMANDS, COPILOT, PROMPT, ChatHost
from tests.interop.hosts.terminal import ENTER, terminal
from tests.interop.run import LONGEST_SECONDS
from tests.support.host import PAGE

pytestmark = [pytest.mark.needs(*COMMANDS), pytest.mark.timeout(240)]
QUERY = "why is the sky blue"
FOUND = "blue light reaches the eye"
WORDS = re.compile(r"confirm code\W+(\w+ \w+)")


@pytest.mark.promise("package:hosts:journey", "tools:questions:sign-in-unread")
@pytest.mark.parametrize("host", CHAT_HOSTS, ids=lambda host: host.name)
def test_a_host_offers_our_tools_and_brings_its_user_to_a_result(host: ChatHost, tmp_path: Path) -> None:
    with conversation(host, tmp_path, host.prompt) as talk:
        assert sorted(talk.model.offered()) == sorted(talk.home.wire.tools)
        assert "signed_out" in talk.model.call("session_status")
        pending = talk.model.call("search", query=QUERY)
        assert "sign_in_pending" in pending
        sign_up_at(PAGE.findall(pending)[0], WORDS.findall(pending)[0])
        assert FOUND in talk.model.call("search", query=QUERY)
        talk.end()
    assert talk.home.wire.protocol == host.protocol


@pytest.mark.promise("package:hosts:opens-the-page", "tools:questions:link-id")
def test_copilot_opens_the_page_for_its_user_and_the_same_call_brings_the_result(tmp_path: Path) -> None:
    """It fails without the id of the link, which 2026-07-28 dropped."""
    opened = tmp_path / "opened"
    os.mkfifo(opened)
    prompt = ("--allow-all-tools", "--interactive", PROMPT)
    with (
        os.fdopen(os.open(opened, os.O_RDONLY | os.O_NONBLOCK)) as pipe,
        terminal() as screen,
        conversation(COPILOT, tmp_path, prompt, terminal=screen.theirs) as talk,
    ):
        talk.home.command("xdg-open", f'echo "$1" > {opened}')
        talk.model.offered()
        talk.model.asks("search", query=QUERY)
        screen.shows("rememberizer-sandbox wants you to visit")
        screen.press(ENTER)
        assert select.select([pipe], [], [], LONGEST_SECONDS)[0]
        url = pipe.readline().strip()
        (question,) = talk.home.wire.questions
        assert question["url"] == url
        sign_up_at(url, WORDS.findall(question["message"])[0])
        assert FOUND in talk.model.reads()
