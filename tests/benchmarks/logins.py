"""What a login and a call over HTTP cost while sessions pile up, and what a session holds; the log is at ``info``."""

from collections.abc import Iterator
from statistics import median

import anyio

from tests.benchmarks.figures import Figure
from tests.benchmarks.growth import FEW, MARKS, Grown, grown

SESSIONS_PER_RUN = 500


def login_figures(runs: int) -> list[Figure]:
    """Logins of 500 sessions a run."""
    found = anyio.run(grown, runs * SESSIONS_PER_RUN, {}, {})
    logins = found.logins_ms
    hundreds = [logins[begin : begin + FEW] for begin in range(0, len(logins), FEW)]
    each_kib = (found.after_mib - found.before_mib) * 1024 / (len(logins) - FEW)
    return [
        *(
            Figure(
                group=f"One login over HTTP, CPU; bare: the first {FEW} sessions",
                what=f"with {many:,} sessions",
                unit="ms",
                ours=logins[many - FEW : many],
                bare=hundreds[0],
            )
            for many in MARKS
            if many <= len(logins)
        ),
        Figure(
            group=f"The slowest login of each {FEW}, CPU; bare: their median",
            what=f"{len(logins):,} logins, at most {max(logins):.0f}",
            unit="ms",
            ours=[max(hundred) for hundred in hundreds],
            bare=[median(hundred) for hundred in hundreds],
        ),
        Figure(
            group=f"Resident memory with sessions; bare: ours with {FEW}",
            what=f"{len(logins):,}, {each_kib:.1f} KiB each",
            unit="MiB",
            ours=[found.after_mib] * 2,
            bare=[found.before_mib] * 2,
        ),
        *growth_of_calls(found, "in memory"),
    ]


def growth_of_calls(found: Grown, kept: str) -> Iterator[Figure]:
    """What a call costs with many sessions, beside one with few; ``kept`` says where the sessions are."""
    for sessions, pairs in found.calls.items():
        yield Figure(
            group=f"One call over HTTP, CPU; bare: with {FEW} sessions",
            what=f"{sessions:,} sessions {kept}",
            unit="ms",
            ours=[many for many, _ in pairs],
            bare=[few for _, few in pairs],
        )
