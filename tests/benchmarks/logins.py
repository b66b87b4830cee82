"""What a login over HTTP costs while sessions pile up, with a log at level ``info``, and what a session holds.

Each login is somebody else's, by a token of their own: so many attempts of one are refused. Upstream is a process that
answers at once.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from statistics import median

import anyio

from tests.benchmarks.figures import Figure
from tests.benchmarks.load import HttpClient, clients
from tests.benchmarks.served import authorized_by, cpu_ms, ours_serving, tokens_of, upstream_serving
from tests.benchmarks.starts import resident_mib
from tests.support.agent import ADA
from tests.support.issuer import issuing
from tests.support.ports import free_port
from tests.support.process import Process

SESSIONS_PER_RUN = 500
FEW = 100
"""Sessions at first, and so many logins are looked at together."""
LOGGED = b"is signed_in"


@dataclass(frozen=True, kw_only=True)
class Grown:
    """A process after its logins: what each cost, and the memory after the first ``FEW`` and after all."""

    logins_ms: Sequence[float]
    before_mib: float
    after_mib: float


def login_figures(runs: int) -> list[Figure]:
    """Logins of 500 sessions a run."""
    grown = anyio.run(_grown, runs * SESSIONS_PER_RUN)
    logins = grown.logins_ms
    hundreds = [logins[begin : begin + FEW] for begin in range(0, len(logins), FEW)]
    each_kib = (grown.after_mib - grown.before_mib) * 1024 / (len(logins) - FEW)
    with_many = [many for many in (1_000, 10_000) if many <= len(logins)]
    return [
        *(
            Figure(
                group=f"One login over HTTP, CPU; bare: the first {FEW} sessions",
                what=f"with {many:,} sessions",
                unit="ms",
                ours=logins[many - FEW : many],
                bare=hundreds[0],
            )
            for many in with_many
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
            ours=[grown.after_mib] * 2,
            bare=[grown.before_mib] * 2,
        ),
    ]


async def _grown(sessions: int) -> Grown:
    port = free_port()
    async with issuing() as issuer:
        with (
            ThreadPoolExecutor() as reader,
            upstream_serving() as base_url,
            ours_serving(port=port, **authorized_by(issuer, port), BASE_URL=base_url, LOG_LEVEL="info") as process,
        ):
            assert process.popen.stderr is not None
            log = reader.submit(process.popen.stderr.read)
            tokens = tokens_of(issuer, port, sessions)
            async with clients(tokens[:1], port=port, era="2026-07-28") as (client,):
                first = [await _login(client, process, token) for token in tokens[:FEW]]
                before = resident_mib(process)
                further = [await _login(client, process, token) for token in tokens[FEW:]]
                after = resident_mib(process)
            process.popen.terminate()
            assert log.result().count(LOGGED) == sessions
    return Grown(logins_ms=[*first, *further], before_mib=before, after_mib=after)


async def _login(client: HttpClient, process: Process, token: str) -> float:
    """Milliseconds of CPU that it takes."""
    client.show(token)
    before = cpu_ms(process)
    await client.call("login", **ADA)
    return cpu_ms(process) - before
