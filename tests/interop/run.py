"""One client's journey from beginning to end, and what came of it."""

import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.interop.client import PACKAGES, Client
from tests.interop.plan import STEPS
from tests.interop.wire import Wire

LONGEST_SECONDS = 60


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a client made of one result."""

    tool: str
    seen: Any
    """What its model gets: text, or an object."""
    structured: Any
    """What its user gets besides."""
    failed: bool | None
    """How it marks the result, if it does."""

    @property
    def body(self) -> dict[str, Any]:
        """The result's object, as far as the client lets anybody have it."""
        return self.structured or self.shown

    @property
    def shown(self) -> dict[str, Any]:
        """The object that the model can read: as it is, or out of its text; empty where that is a sentence."""
        if isinstance(self.seen, dict):
            return self.seen
        return dict(json.loads(self.seen)) if self.seen.startswith("{") else {}

    @property
    def code(self) -> str:
        """The stable code of a failure."""
        return str(self.body["error"]["code"] if self.body else self.seen.partition(":")[0])


@dataclass(frozen=True, kw_only=True)
class Run:
    """What a client printed, and what went over the wire."""

    client: Client
    versions: Mapping[str, str]
    tools: list[str]
    answers: list[Answer]
    printed: str
    wire: Wire

    def answer(self, tool: str, number: int = 0) -> Answer:
        """The answer to one call of a tool, counted from 0."""
        return [answer for answer in self.answers if answer.tool == tool][number]

    @property
    def successes(self) -> list[Answer]:
        """The answers that are no failures."""
        return [answer for answer in self.answers if answer is not self.failure]

    @property
    def failure(self) -> Answer:
        """The answer to the wrong password."""
        return self.answer("login")


def environment(folder: Path) -> dict[str, str]:
    """What a client and its server get to know of this machine, with an empty home."""
    return {"PATH": os.environ["PATH"], "HOME": str(folder), "XDG_RUNTIME_DIR": str(folder)}


def make_journey(client: Client, folder: Path) -> Run:
    """Start the client with the plan on its stdin, and read its document."""
    wire = Wire(folder)
    command, *arguments = wire.command()
    server = {
        "command": command,
        "args": arguments,
        "env": environment(folder) | {"REMEMBERIZER_OPEN_BROWSER": "never"},
    }
    done = subprocess.run(
        client.command,
        input=json.dumps({"server": server, "runtime": str(folder), "steps": STEPS}),
        capture_output=True,
        text=True,
        check=False,
        timeout=LONGEST_SECONDS,
        cwd=PACKAGES,
        env=environment(folder),
    )
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    answers = [Answer(**answer) for answer in document.pop("answers")]
    return Run(client=client, wire=wire, printed=done.stdout + done.stderr, answers=answers, **document)
