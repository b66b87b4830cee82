"""What went over a client's stdio, line by line, as two ``tee`` beside the server recorded it."""

import json
import shlex
from pathlib import Path
from typing import Any

from tests.support.process import SERVE


class Wire:
    """The two directions of one connection, kept in a folder that nobody else reads: they hold the secrets sent."""

    def __init__(self, folder: Path) -> None:
        self._sent, self._received = folder / "sent", folder / "received"

    def command(self, *options: str) -> list[str]:
        """The server with these options, recorded."""
        return ["sh", "-c", self._recorded(shlex.join([*SERVE, "--sandbox", *options]))]

    def script(self) -> str:
        """The same for a file that a shell runs with options of the server's; it opens no browser."""
        server = f'{shlex.join(SERVE)} "$@"'
        return f"#!/bin/sh\nexport REMEMBERIZER_OPEN_BROWSER=never\n{self._recorded(server)}\n"

    @property
    def everything(self) -> bytes:
        """All bytes of both directions; none where nothing went over stdio."""
        return b"".join(each.read_bytes() for each in (self._sent, self._received) if each.exists())

    @property
    def protocol(self) -> str:
        """The revision that both sides settled on."""
        answer = self._results[0]
        return str(answer.get("protocolVersion") or answer["supportedVersions"][0])

    @property
    def tools(self) -> list[str]:
        """The names that the server listed first."""
        listed = next(result["tools"] for result in self._results if "tools" in result)
        return [tool["name"] for tool in listed]

    @property
    def structured(self) -> list[dict[str, Any]]:
        """The structured content of each call that succeeded, in order."""
        return [result["structuredContent"] for result in self._results if result.get("isError") is False]

    @property
    def asks_for_progress(self) -> bool:
        """Whether every call carried a progress token."""
        return all("progressToken" in call.get("_meta", {}) for call in self._calls)

    def arguments(self, tool: str) -> dict[str, Any]:
        """What that tool was first called with."""
        return next(call["arguments"] for call in self._calls if call["name"] == tool)

    @property
    def questions(self) -> list[dict[str, Any]]:
        """The elicitations that the server sent, in either revision's form."""
        asked = [reply for reply in self._replies if reply.get("method") == "elicitation/create"]
        inside = [result.get("inputRequests", {}) for result in self._results]
        return [question["params"] for question in [*asked, *(one for some in inside for one in some.values())]]

    def _recorded(self, server: str) -> str:
        return f"tee -a {shlex.quote(str(self._sent))} | {server} | tee -a {shlex.quote(str(self._received))}"

    @property
    def _calls(self) -> list[dict[str, Any]]:
        return [message["params"] for message in _messages(self._sent) if message.get("method") == "tools/call"]

    @property
    def _replies(self) -> list[dict[str, Any]]:
        return _messages(self._received)

    @property
    def _results(self) -> list[dict[str, Any]]:
        return [reply["result"] for reply in self._replies if "result" in reply]


def _messages(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text().splitlines()]
