"""A process over HTTP in which sessions pile up, beside one that keeps few: what logins and calls cost there.

Each login is somebody else's, by a token of their own: so many attempts of one are refused. Upstream is a process that
answers at once.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from tests.benchmarks.load import HttpClient, clients
from tests.benchmarks.served import authorized_by, cpu_ms, ours_serving, tokens_of, upstream_serving
from tests.benchmarks.starts import resident_mib
from tests.support.agent import ADA
from tests.support.issuer import issuing
from tests.support.ports import free_port
from tests.support.process import Process

FEW = 100
"""Sessions of the process beside it, and of both at first."""
MARKS = (1_000, 10_000)
"""With so many sessions calls are compared."""
SAMPLES, CALLS = 20, 50
LOGGED = b"is signed_in"


@dataclass(frozen=True, kw_only=True)
class Grown:
    """A process after its logins: the CPU time of each, and the memory after the first ``FEW`` and after all.

    ``calls`` has the CPU times of calls by the number of sessions: there, and in the process with few.
    """

    logins_ms: Sequence[float]
    before_mib: float
    after_mib: float
    calls: Mapping[int, Sequence[tuple[float, float]]]


@dataclass(kw_only=True)
class Growing:
    """A process, tokens for its people, and what their logins took.

    Each time it is asked over a new connection: it closes one that nobody has used for 5 s.
    """

    process: Process
    port: int
    tokens: Sequence[str]
    logins_ms: list[float] = field(default_factory=list)

    async def grow(self, sessions: int) -> None:
        """Sign people in until there are so many."""
        async with self._connected() as client:
            for token in self.tokens[len(self.logins_ms) : sessions]:
                client.show(token)
                before = cpu_ms(self.process)
                await client.call("login", **ADA)
                self.logins_ms.append(cpu_ms(self.process) - before)

    async def call_ms(self) -> float:
        """Milliseconds of CPU that a call takes, by people all over those who signed in."""
        signed_in = self.tokens[: len(self.logins_ms)]
        async with self._connected() as client:
            before = cpu_ms(self.process)
            for token in signed_in[:: len(signed_in) // CALLS][:CALLS]:
                client.show(token)
                await client.call("session_status")
            return (cpu_ms(self.process) - before) / CALLS

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[HttpClient]:
        async with clients(self.tokens[:1], port=self.port, era="2026-07-28") as (client,):
            yield client


async def grown(sessions: int, settings: Mapping[str, str], of_few: Mapping[str, str]) -> Grown:
    """Let so many sign in, one after the other, with these settings; the process with few has its own."""
    calls = dict[int, Sequence[tuple[float, float]]]()
    async with _growing(sessions, settings) as many, _growing(FEW, of_few) as few:
        for each in (few, many):
            await each.grow(FEW)
        before = resident_mib(many.process)
        for mark in [each for each in MARKS if each <= sessions]:
            await many.grow(mark)
            pairs = [(await many.call_ms(), await few.call_ms()) for _ in range(SAMPLES + 1)]
            calls[mark] = pairs[1:]  # by then both are warm
        await many.grow(sessions)
        after = resident_mib(many.process)
    return Grown(logins_ms=many.logins_ms, before_mib=before, after_mib=after, calls=calls)


@asynccontextmanager
async def _growing(sessions: int, settings: Mapping[str, str]) -> AsyncIterator[Growing]:
    """Whoever signs in is in its log, which is read meanwhile."""
    port = free_port()
    async with issuing() as issuer:
        usual = authorized_by(issuer, port)
        with (
            ThreadPoolExecutor() as reader,
            upstream_serving() as base_url,
            ours_serving(port=port, **usual, BASE_URL=base_url, LOG_LEVEL="info", **settings) as process,
        ):
            assert process.popen.stderr is not None
            log = reader.submit(process.popen.stderr.read)
            tokens = tokens_of(issuer, port, sessions)
            yield Growing(process=process, port=port, tokens=tokens)
            process.popen.terminate()
            assert log.result().count(LOGGED) == sessions
