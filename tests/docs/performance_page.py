"""The tables of docs/performance.md, from the figures that ``make bench`` kept."""

import json
from collections.abc import Callable, Mapping
from itertools import groupby
from pathlib import Path
from typing import Any

from tests.docs.markdown import table

KEPT = Path(__file__).parents[2] / "docs" / "performance.json"
LOAD, SOAK = KEPT.with_name("load.json"), KEPT.with_name("soak.json")
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
        "load": _load,
        "soak": _soak,
    }


def _kept(file: Path = KEPT) -> dict[str, Any]:
    kept: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
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


def _load() -> str:
    kept = _kept(LOAD)
    said, took, cut = kept["said"], kept["ms"], kept["cut off"]
    rows = {
        "people, each with an account of their own": f"{kept['people']:,}",
        "calls": f"{kept['calls']:,}",
        "answered as asked": f"{said['ok']:,}",
        "`store_unavailable`": said.get("store_unavailable", 0),
        "502 or cut off, around SIGTERM": cut["SIGTERM"],
        "502 or cut off, around SIGKILL": cut["SIGKILL"],
        "answers with something of another account": said.get("foreign", 0),
        "sign-ins lost": kept["lost"],
        "renewals, one for each token that came to its end": f"{kept['renewals']:,}",
        "people whose renewal SIGKILL or Redis' restart held up": kept["held up"],
        "time of a call, ms: median": f"{took['median']:.4g}",
        "time of a call, ms: 99 of 100 are faster": f"{took['p99']:.4g}",
    }
    return table("what | number", [f"{name} | {value}" for name, value in rows.items()])


def _soak() -> str:
    kept = _kept(SOAK)
    begin = sum(each < kept["settled after s"] for each in kept["seconds"])
    rows = [
        f"{number} | {min(held[begin:]):.1f} | {max(held[begin:]):.1f} | {change:.2%}"
        for number, (held, change) in enumerate(zip(kept["held MiB"], kept["changes"], strict=True), 1)
    ]
    minutes, settled = kept["seconds"][-1] / 60, kept["settled after s"] / 60
    head = f"process, in {minutes:.3g} minutes with {kept['calls']:,} calls | least MiB after {settled:.2g} minutes"
    return table(f"{head} | most MiB | change", rows)


def _spread(value: Mapping[str, float] | None) -> str:
    if value is None:
        return "needs the network"
    return f"{value['median']:.4g} ({value['low']:.4g} to {value['high']:.4g})"
