"""Draw the memory of each process in ``docs/soak.json``; run by the interpreter of ``.interop/drawing``."""

import hashlib
import json
import sys
from pathlib import Path

import matplotlib as mpl

mpl.use("svg")
import matplotlib.pyplot as plt

COLOURS, INK = ("#2f81f7", "#8b949e"), "#7d8590"


def main(source: Path, target: Path) -> None:
    """Read the figures and write the picture, which names the figures that it shows."""
    text = source.read_bytes()
    soak = json.loads(text)
    plt.rcParams |= {
        "svg.hashsalt": "soak",
        "svg.fonttype": "none",
        "font.family": "sans-serif",
        "font.size": 9,
        **dict.fromkeys(("text.color", "axes.labelcolor", "axes.edgecolor", "xtick.color", "ytick.color"), INK),
    }
    figure, panel = plt.subplots(figsize=(9.2, 2.6), layout="constrained")
    minutes = [each / 60 for each in soak["seconds"]]
    for number, (held, colour) in enumerate(zip(soak["held MiB"], COLOURS, strict=True), 1):
        panel.plot(minutes, held, color=colour, label=f"process {number}")
    panel.axvline(soak["settled after s"] / 60, color=INK, linewidth=0.5, linestyle="dotted")
    panel.set_ylim(bottom=0)
    panel.set_xlabel("minutes")
    panel.set_title("Resident memory of each process, MiB", fontsize=9, loc="left")
    panel.legend(frameon=False, loc="lower right")
    panel.spines[["top", "right"]].set_visible(False)
    digest = hashlib.sha256(text).hexdigest()
    figure.savefig(target, format="svg", transparent=True, metadata={"Date": None, "Description": digest})
    lines = [line.rstrip() for line in target.read_text(encoding="utf-8").splitlines()]
    target.write_text("\n".join(lines) + "\n", encoding="utf-8")


main(*map(Path, sys.argv[1:]))
