"""Requests to a server process, each timed to the last byte of its answer."""

import json
import os
import select
import time
from collections.abc import Mapping
from itertools import count
from typing import Any, Literal
from urllib.request import urlopen

from tests.support.process import LONGEST_SECONDS, Process, initialize, legacy, modern

Era = Literal["2026-07-28", "2025-11-25"]


class Exchange:
    """A conversation in one protocol era; a failed request ends the benchmark."""

    def __init__(self, process: Process, era: Era = "2026-07-28") -> None:
        self._process = process
        self._numbers = count(1)
        self.content: Mapping[str, Any] = {}
        """The structured content of the last answer."""
        self._request = modern if era == "2026-07-28" else legacy
        if era == "2025-11-25":
            self._ask(initialize())
            process.send({"jsonrpc": "2.0", "method": "notifications/initialized"})

    def list_tools(self) -> float:
        """Seconds that ``tools/list`` took."""
        return self._ask(self._request(next(self._numbers), "tools/list"))

    def call(self, tool: str, **arguments: Any) -> float:
        """Seconds that a tool call took."""
        return self._ask(self._request(next(self._numbers), "tools/call", name=tool, arguments=arguments))

    def open_page(self) -> float:
        """Seconds from a ``login`` that needs a person to the last byte of the sign-in page."""
        self.call("session_status")  # waits for what still loads behind the first answers
        begun = time.perf_counter()
        self.call("login")
        with urlopen(self.content["sign_in_url"], timeout=LONGEST_SECONDS) as page:  # noqa: S310 -- our own
            page.read()
        return time.perf_counter() - begun

    def _ask(self, message: Mapping[str, Any]) -> float:
        line = json.dumps(message).encode() + b"\n"
        begun = time.perf_counter()
        self._process.stdin.write(line)
        answer = _read_line(self._process)
        took = time.perf_counter() - begun
        reply = json.loads(answer)
        assert reply["id"] == message["id"], reply
        assert "result" in reply, reply
        assert not reply["result"].get("isError"), reply
        self.content = reply["result"].get("structuredContent", {})
        return took


def _read_line(process: Process) -> bytes:
    """A line in few reads; ``Process.receive`` takes one for each byte, and a longer answer would pay for them."""
    stdout = process.popen.stdout
    assert stdout is not None
    deadline = time.perf_counter() + LONGEST_SECONDS
    line = b""
    while not line.endswith(b"\n"):
        ready, _, _ = select.select([stdout], [], [], max(0.0, deadline - time.perf_counter()))
        chunk = os.read(stdout.fileno(), 65536) if ready else b""
        assert chunk, "the server did not answer"
        line += chunk
    return line
