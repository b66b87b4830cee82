"""From an empty home: what a person waits for between ``install`` and the first answer of a tool."""

import json
import subprocess
import time
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.benchmarks.exchange import Exchange
from tests.benchmarks.peers import PEERS, spread
from tests.benchmarks.starts import OURS
from tests.support.process import clean_environment, running

INSTALL = "install claude-desktop --sandbox"
OFFICIAL = next(peer for peer in PEERS if "official" in peer.name)


def install_figures(rounds: Iterable[Any]) -> dict[str, dict[str, float]]:
    """Milliseconds to each step; the official server is started right after, in the same rounds."""
    steps: dict[str, list[float]] = {}
    for _ in rounds:
        with TemporaryDirectory() as home:
            _from_empty(home, steps)
            if OFFICIAL.is_prepared:
                steps.setdefault("official", []).append(_official())
    return {name: spread(values) for name, values in steps.items()}


def _from_empty(home: str, steps: dict[str, list[float]]) -> None:
    environment = clean_environment() | {"HOME": home, "XDG_RUNTIME_DIR": home}
    environment.pop("XDG_CONFIG_HOME", None)
    begun = time.perf_counter()

    def reached(step: str) -> None:
        steps.setdefault(step, []).append((time.perf_counter() - begun) * 1000)

    subprocess.run([*OURS, *INSTALL.split()], env=environment, check=True, capture_output=True)
    reached("installed")
    written = Path(home, ".config/Claude/claude_desktop_config.json").read_text(encoding="utf-8")
    (block,) = json.loads(written)["mcpServers"].values()
    spawned = time.perf_counter()
    command = (block["command"], *block["args"])
    with running(command=command, environment=environment | block["env"]) as process:
        exchange = Exchange(process, "2025-11-25")
        exchange.list_tools()
        reached("listed")
        steps.setdefault("ours", []).append((time.perf_counter() - spawned) * 1000)
        exchange.call("session_status")
        reached("answered")


def _official() -> float:
    begun = time.perf_counter()
    with running(command=OFFICIAL.command, environment={**clean_environment(), **OFFICIAL.environment}) as process:
        Exchange(process, "2025-11-25").list_tools()
        return (time.perf_counter() - begun) * 1000
