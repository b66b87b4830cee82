"""A journey in a client that is not ours: the plan that the test sent on stdin, and the document that goes back."""

import json
import sys
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

OUTBOX = "outbox"


class Journey:
    """The steps in turn, each filled in with what came before, and what the client made of the answers."""

    def __init__(self, *packages: str) -> None:
        plan = json.load(sys.stdin)
        self.server: dict[str, Any] = plan["server"]
        self._runtime = Path(plan["runtime"])
        self._steps: list[Mapping[str, Any]] = plan["steps"]
        self._answers: dict[str, Any] = {}
        self._report: dict[str, Any] = {"versions": {name: version(name) for name in packages}, "answers": []}

    def __iter__(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """The name of each tool and its arguments, worked out when they are due."""
        for step in self._steps:
            arguments = {name: self._filled(value) for name, value in step["arguments"].items()}
            yield step["tool"], arguments

    def met(self, **facts: Any) -> None:
        """Note what the client learnt when it connected."""
        self._report |= facts

    def answered(self, tool: str, seen: Any, *, structured: Any, failed: bool | None) -> None:
        """Note what the client hands to its model and to its user; ``failed`` is its own mark, if it has one."""
        self._answers[tool] = _parsed(seen)
        self._report["answers"].append({"tool": tool, "seen": seen, "structured": structured, "failed": failed})

    def tell(self) -> None:
        """Print the document."""
        json.dump(self._report, sys.stdout)

    def _filled(self, value: Any) -> Any:
        if not isinstance(value, dict) or "from" not in value:
            return value
        found = _outbox(self._runtime) if value["from"] == OUTBOX else self._answers[value["from"]]
        for key in value["at"]:
            found = found[key]
        return found


def _parsed(seen: Any) -> Any:
    try:
        return json.loads(seen) if isinstance(seen, str) else seen
    except ValueError:
        return None


def _outbox(runtime: Path) -> Any:
    """The letters of the one sandbox whose address stands in that folder."""
    (file,) = runtime.glob("rememberizer-mcp/sandbox-*.json")
    page = json.loads(file.read_text())["url"]
    with urlopen(Request(page, headers={"Accept": "application/json"}), timeout=10) as reply:  # noqa: S310 - loopback
        return json.load(reply)["letters"]
