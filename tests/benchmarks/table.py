"""The figures as a table of 80 columns."""

import os
import platform
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import version
from itertools import groupby
from statistics import median
from typing import Any

import psutil

from tests.benchmarks.figures import Figure
from tests.benchmarks.installed import is_installed
from tests.benchmarks.peers import Samples, left_out

HEADINGS = f"{'':31}{'ours':>8}{'bare':>8}{'ratio':>7}{'middle':>11}{'more':>8}{'pairs':>7}"
NOTES = """\
Medians. Both servers were sampled in turn; the middle half of the pairs of
neighbours has ratios within `middle`, and `more` is what ours adds to the bare
server: the SDK's MCPServer with one tool. Aims: start at most 0.15, the first
call at most 1.05 times that without the front, memory at most 1.10, about 1.0 ms
more per call that needs no network, 150 ms to the page; among 10,000 documents
at most 1.3 times httpx's time plus 2 ms; uploads add less than
20 MiB; a line of the log costs at most 1.25 times that with few sessions; a call
over HTTP at most 1.18 times the CPU time of the SDK's app with the same
authorization; a login at most 100 ms of it, and a session less than 12 KiB; a
call with 1,000 or 10,000 sessions at most 1.10 times one with 100, and one with
sessions in Redis at most 1.43 times the SDK's app. The
sandbox of the first calls is in process, so their figures hold the whole service
and, with a password, two requests to it and an Argon2 hash.
Nothing gates."""


def machine() -> dict[str, Any]:
    """What the figures depend on; neither names nor paths."""
    return {
        "rememberizer-mcp": version("rememberizer-mcp"),
        "mcp": version("mcp"),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "cores": os.cpu_count(),
        "memory": f"{psutil.virtual_memory().total / 2**30:.0f} GiB",
        "ours started from": "the installed wheel" if is_installed() else "the checkout",
    }


def table(figures: Sequence[Figure], facts: Mapping[str, Any]) -> str:
    """Everything that a person reads."""
    return "\n".join([*_lines(figures, facts), "", NOTES])


def _lines(figures: Sequence[Figure], facts: Mapping[str, Any]) -> Iterator[str]:
    yield f"rememberizer-mcp {facts['rememberizer-mcp']} beside a bare MCPServer"
    yield f"Python {facts['python']}, mcp {facts['mcp']}, {facts['system']}, {facts['cores']} cores"
    yield ""
    yield HEADINGS
    for (group, unit), members in groupby(figures, key=lambda figure: (figure.group, figure.unit)):
        yield f"{group}, {unit}"
        yield from map(_row, members)


def _row(figure: Figure) -> str:
    low, high = figure.middle_half
    return (
        f"  {figure.what:29}{_amount(median(figure.ours)):>8}{_amount(median(figure.bare)):>8}{_ratio(figure.ratio):>7}"
        f"{f'{_ratio(low)}-{_ratio(high)}':>11}{_amount(figure.difference, sign='+'):>8}{len(figure.ours):>7}"
    )


def _amount(value: float, *, sign: str = "") -> str:
    return f"{value:{sign}.{2 if abs(value) < 10 else 1}f}"


def _ratio(value: float) -> str:
    return f"{value:.2f}" if value < 10 else f"{value:.0f}"


def server_table(servers: Sequence[Samples], installs: Mapping[str, Mapping[str, float]]) -> str:
    """The servers beside each other, and the way from an empty home; medians."""
    lines = ["", f"{'Servers, by the handshake of 2025-11-25':42}{'start ms':>10}{'MiB':>8}{'call ms':>9}"]
    for server in servers:
        call = f"{median(server.call_ms):9.2f}" if server.call_ms else f"{'-':>9}"
        lines.append(f"  {server.name:40}{median(server.start_ms):10.0f}{median(server.memory_mib):8.1f}{call}")
    lines += [f"  {name:40}{'left out: see `make bench-setup`':>37}" for name in left_out()]
    lines += ["", "From an empty home, ms"]
    lines += [f"  {name:40}{values['median']:10.0f}" for name, values in installs.items()]
    return "\n".join(lines)
