"""How long the end of the process may wait, and for what it must not."""

import pytest
from rememberizer_mcp.server import app
from rememberizer_mcp.server.api import client
from rememberizer_mcp.server.logs.line_writer import FLUSH_SECONDS
from rememberizer_mcp.server.sessions import keychain
from rememberizer_mcp.server.signin import browser, handover, pending
from rememberizer_mcp.server.stdio import front
from rememberizer_mcp.server.stdio import serving as stdio

from tests.support.process import SHORTEST_WAIT_SECONDS


@pytest.mark.promise("process:stdout:protocol-only", "process:front:ends-in-time")
def test_the_timers_of_the_end_are_shorter_than_a_second_and_all_other_waits_longer() -> None:
    assert max(stdio.GRACE_SECONDS, front.GRACE_SECONDS) + FLUSH_SECONDS < 1
    of_pages = (pending.AFTER_SECONDS, handover.ANSWER_SECONDS, browser.OPEN_SECONDS)
    waits = (app.PATIENCE_SECONDS, keychain.LIMIT_SECONDS, client.CONNECT_SECONDS, *of_pages)
    assert min(waits) >= SHORTEST_WAIT_SECONDS
