"""A host in a test: it starts the real server, calls tools over stdio, and holds everything that was printed."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import dropwhile
from typing import Any

import psutil

from tests.support.process import ENVELOPE, Process, modern, running

PAGE = re.compile(r"http://127\.0\.0\.1:\d+/[\w-]{43}\b")
RANDOM = re.compile(r"[\w-]{40,}")
"""Every token, code, state and verifier is at least that long, and nothing else that is printed is."""


class Host:
    """One server process."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._asked = 0

    def call(self, tool: str, **arguments: Any) -> dict[str, Any]:
        """A call that has to succeed."""
        self._send(tool, arguments)
        result = self._result()
        assert not result["isError"], result["structuredContent"]
        return dict(result["structuredContent"])

    def fails(self, tool: str, **arguments: Any) -> dict[str, Any]:
        """A call that has to fail; its error body."""
        self._send(tool, arguments)
        return self.failure()

    def failure(self) -> dict[str, Any]:
        """How the call that was begun failed."""
        result = self._result()
        assert result["isError"], result["structuredContent"]
        return dict(result["structuredContent"]["error"])

    def begin(self, tool: str, **arguments: Any) -> None:
        """Make a call that waits for a person, until it says that it does."""
        self._send(tool, arguments, progressToken="progress")
        assert self._process.receive()["method"] == "notifications/progress"

    def end(self) -> str:
        """Close the input, as a host does; all that the process printed, in which nothing may be secret."""
        assert not RANDOM.search(" ".join(psutil.Process(self._process.popen.pid).cmdline()))
        _, code, rest, errors = self._process.end_input()
        assert (code, rest) == (0, b""), errors
        output, log = b"".join(self._process.lines).decode(), errors.decode()
        assert not RANDOM.findall(PAGE.sub("", output) + log)
        return output + log

    def _send(self, tool: str, arguments: Mapping[str, Any], **meta: str) -> None:
        self._asked += 1
        self._process.send(
            modern(self._asked, "tools/call", name=tool, arguments=dict(arguments), _meta=ENVELOPE | meta)
        )

    def _result(self) -> dict[str, Any]:
        """The answer to the newest call; what comes before it is progress."""
        messages = iter(self._process.receive, None)
        answer = next(dropwhile(lambda message: message.get("id") != self._asked, messages))
        result: dict[str, Any] = answer["result"]
        return result


@contextmanager
def host(*options: str, environment: Mapping[str, str]) -> Iterator[Host]:
    """Start a server, and end it when the body succeeded."""
    with running(*options, environment=environment) as process:
        started = Host(process)
        yield started
        if not process.stdin.closed:
            started.end()
