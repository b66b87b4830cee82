"""The tables of docs/performance.md, from the figures that ``make bench`` kept."""

import json
from collections.abc import Callable, Mapping
from itertools import groupby
from pathlib import Path
from typing import Any

from tests.docs.markdown import table

KEPT = Path(__file__).parents[2] / "docs" / "performance.json"
STEPS = {
    "installed": "`install claude-desktop --sandbox` has written the file",
    "listed": "the server that was written there has listed its tools",
    "answered": "its first tool has answered",
    "ours": "of that, from the spawn to `tools/list`",
    "official": "the official server, from its spawn to `tools/list`",
}


def performance_regions() -> Mapping[str, Callable[[], str]]:
    """One function for each region."""
    return {
        "machine": _machine,
        "servers": _servers,
        "empty-home": _empty_home,
        "figures": _figures,
    }


def _kept() -> dict[str, Any]:
    kept: dict[str, Any] = json.loads(KEPT.read_text(encoding="utf-8"))
    return kept


def _machine() -> str:
    machine = _kept()["machine"]
    rows = [f"{name} | {value}" for name, value in machine.items() if name != "servers"]
    rows += [f"{name} | {value}" for name, value in machine["servers"].items()]
    return table("what | which", rows)


def _servers() -> str:
    rows = [
        " | ".join([server["name"], *(_spread(server.get(what)) for what in ("start_ms", "memory_mib", "call_ms"))])
        for server in _kept()["servers"]
    ]
    return table("server | start to `tools/list`, ms | memory after one call, MiB | one call, ms", rows)


def _empty_home() -> str:
    steps = _kept()["install"]
    return table(
        "time until | ms", [f"{text} | {_spread(steps[step])}" for step, text in STEPS.items() if step in steps]
    )


def _figures() -> str:
    rows = []
    for group, members in groupby(_kept()["figures"], key=lambda figure: (figure["group"], figure["unit"])):
        for figure in members:
            low, high = figure["ratio_middle_half"]
            rows.append(
                f"{group[0]}, {group[1]}: {figure['what']} | {figure['ours']:.4g} | {figure['bare']:.4g} | "
                f"{figure['ratio']:.2f} | {low:.2f} to {high:.2f} | {figure['samples']}"
            )
    return table("what | ours | beside | ratio | middle half | pairs", rows)


def _spread(value: Mapping[str, float] | None) -> str:
    if value is None:
        return "needs the network"
    return f"{value['median']:.4g} ({value['low']:.4g} to {value['high']:.4g})"
