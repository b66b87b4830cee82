"""What a start costs: the time until the tools are listed, and the memory of the process once it was used."""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from tests.benchmarks.exchange import Era, Exchange
from tests.benchmarks.figures import Figure
from tests.benchmarks.installed import BIN
from tests.support.agent import ADA
from tests.support.process import Process, clean_environment, running

BARE = (str(BIN / "python"), str(Path(__file__).with_name("bare.py")))
OURS = (str(BIN / "rememberizer-mcp"),)
SANDBOX = (*OURS, "--sandbox")
ACCOUNT = ADA | {"captcha": "sandbox-captcha"}
MEBIBYTE = 2**20


@dataclass(frozen=True, kw_only=True)
class Start:
    """One process, from its spawn on."""

    ms: float
    used_mib: float
    use_ms: float
    """What was done with it afterwards."""


def start_figures(rounds: Iterable[Any]) -> list[Figure]:
    """In each round every kind of process is started once, ours right after the bare one that it is held against."""
    bare, ours, old_bare, old_ours, bare_again, sandbox = zip(*(_round() for _ in rounds), strict=True)
    return [
        _time("2026-07-28", ours, bare),
        _time("2025-11-25, with initialize", old_ours, old_bare),
        Figure(
            group="The noise of this machine; ours: the bare server once more",
            what="spawn to tools/list",
            unit="ms",
            ours=[start.ms for start in bare_again],
            bare=[start.ms for start in old_bare],
        ),
        _memory(
            "after a login on the sandbox", [start.used_mib for start in sandbox], [start.used_mib for start in bare]
        ),
        Figure(
            group="The sign-in page, for the first time in a process",
            what="login to page; bare: two pings",
            unit="ms",
            ours=[start.use_ms for start in ours],
            bare=[start.use_ms for start in bare],
        ),
    ]


def sign_up_and_in(exchange: Exchange) -> float:
    """Leaves an account in the sandbox, signed in; the seconds that it took."""
    return exchange.call("signup", **ACCOUNT) + exchange.call("login", **ACCOUNT)


def _round() -> tuple[Start, Start, Start, Start, Start, Start]:
    return (
        _start(BARE, use=_ping),
        _start(OURS, use=Exchange.open_page),
        _start(BARE, era="2025-11-25"),
        _start(OURS, era="2025-11-25"),
        _start(BARE, era="2025-11-25"),
        _start(SANDBOX, use=sign_up_and_in),
    )


def _start(
    command: Sequence[str], *, era: Era = "2026-07-28", use: Callable[[Exchange], float] = lambda _: 0.0
) -> Start:
    environment = clean_environment(OPEN_BROWSER="never")
    begun = time.perf_counter()
    with running(command=command, environment=environment) as process:
        exchange = Exchange(process, era)
        exchange.list_tools()
        took = time.perf_counter() - begun
        use_took = use(exchange)
        used = resident_mib(process)
        process.end_input()
    return Start(ms=took * 1000, used_mib=used, use_ms=use_took * 1000)


def _ping(exchange: Exchange) -> float:
    """As many calls as the sandbox's process gets."""
    return exchange.call("ping") + exchange.call("ping")


def resident_mib(process: Process) -> float:
    """What a process holds in memory now."""
    resident: int = psutil.Process(process.popen.pid).memory_info().rss
    return resident / MEBIBYTE


def _time(what: str, ours: Iterable[Start], bare: Iterable[Start]) -> Figure:
    group = "Start, from spawn to the tools/list reply"
    return Figure(
        group=group, what=what, unit="ms", ours=[start.ms for start in ours], bare=[start.ms for start in bare]
    )


def _memory(what: str, ours: Sequence[float], bare: Sequence[float]) -> Figure:
    return Figure(group="Resident memory", what=what, unit="MiB", ours=ours, bare=bare)
