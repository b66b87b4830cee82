"""Draw the figures of ``docs/performance.json`` as one picture; run by the interpreter of ``.interop/drawing``."""

import hashlib
import json
import sys
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("svg")
import matplotlib.pyplot as plt

OURS, OTHERS, INK = "#2f81f7", "#8b949e", "#7d8590"
PANELS = {
    "start_ms": "Start to tools/list, ms",
    "memory_mib": "Memory after one call, MiB",
    "call_ms": "One call, ms",
}


def main(source: Path, target: Path) -> None:
    """Read the figures and write the picture, which names the figures that it shows."""
    text = source.read_bytes()
    servers = json.loads(text)["servers"]
    plt.rcParams |= {
        "svg.hashsalt": "performance",
        "svg.fonttype": "none",
        "font.family": "sans-serif",
        "font.size": 9,
        **dict.fromkeys(("text.color", "axes.labelcolor", "axes.edgecolor", "xtick.color", "ytick.color"), INK),
    }
    figure, panels = plt.subplots(1, len(PANELS), figsize=(9.2, 2.6), sharey=True, layout="constrained")
    for panel, (what, title) in zip(panels, PANELS.items(), strict=True):
        _draw(panel, what, title, servers)
    panels[0].set_yticks(range(len(servers)), [server["name"] for server in servers])
    panels[0].invert_yaxis()
    figure.supxlabel("Less is better.", fontsize=8)
    digest = hashlib.sha256(text).hexdigest()
    figure.savefig(target, format="svg", transparent=True, metadata={"Date": None, "Description": digest})
    lines = [line.rstrip() for line in target.read_text(encoding="utf-8").splitlines()]
    target.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _draw(panel: Any, what: str, title: str, servers: list[dict[str, Any]]) -> None:
    for place, server in enumerate(servers):
        if what not in server:
            _label(panel, 0, place, "needs the network")
            continue
        value = server[what]
        around = [[value["median"] - value["low"]], [value["high"] - value["median"]]]
        panel.barh(place, value["median"], color=OTHERS if place else OURS, height=0.6)
        panel.errorbar(value["median"], place, xerr=around, color=INK, capsize=2, linewidth=1)
        _label(panel, value["high"], place, _amount(value["median"]))
    panel.set_title(title, fontsize=9, loc="left")
    panel.margins(x=0.25)
    panel.spines[["top", "right"]].set_visible(False)


def _label(panel: Any, end: float, place: int, text: str) -> None:
    """Right of a bar and its line; blanks in front would be dropped by the browser."""
    panel.annotate(text, (end, place), xytext=(6, 0), textcoords="offset points", va="center")


def _amount(value: float) -> str:
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


main(*map(Path, sys.argv[1:]))
