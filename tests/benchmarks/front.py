"""What the front gains, and that it costs nothing: the tool list, the first call and the memory after it."""

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.benchmarks.exchange import Era, Exchange
from tests.benchmarks.figures import Figure
from tests.benchmarks.starts import BARE, OURS, resident_mib
from tests.support.process import clean_environment, running

ASIDE = {"Rememberizer_Read_Only": "off"}
"""A spelling at which the front steps aside, and which means what is so anyway."""
ERAS: Sequence[Era] = ("2026-07-28", "2025-11-25")


@dataclass(frozen=True, kw_only=True)
class First:
    """One process, from its spawn on: when the tools were listed, when the first call was answered, and its memory."""

    listed_ms: float
    called_ms: float
    called_mib: float


def front_figures(rounds: Iterable[Any]) -> list[Figure]:
    """In each round the bare server is started, then ours with the front and without it, in each era."""
    starts = [{era: _round(era) for era in ERAS} for _ in rounds]
    return [figure for era in ERAS for figure in _figures(era, [each[era] for each in starts])]


def _round(era: Era) -> tuple[First, First, First]:
    return (
        _start(BARE, era, tool="ping"),
        _start(OURS, era, tool="session_status"),
        _start(OURS, era, tool="session_status", more=ASIDE),
    )


def _start(command: Sequence[str], era: Era, *, tool: str, more: Mapping[str, str] | None = None) -> First:
    environment = clean_environment() | dict(more or {})
    begun = time.perf_counter()
    with running(command=command, environment=environment) as process:
        exchange = Exchange(process, era)
        exchange.list_tools()
        listed = time.perf_counter() - begun
        exchange.call(tool)
        called = time.perf_counter() - begun
        resident = resident_mib(process)
        process.end_input()
    return First(listed_ms=listed * 1000, called_ms=called * 1000, called_mib=resident)


def _figures(era: Era, starts: Sequence[tuple[First, First, First]]) -> list[Figure]:
    bare, front, aside = zip(*starts, strict=True)
    return [
        Figure(
            group="The front: from spawn to the tools/list reply",
            what=era,
            unit="ms",
            ours=[start.listed_ms for start in front],
            bare=[start.listed_ms for start in bare],
        ),
        Figure(
            group="The front: from spawn to the first call's reply; bare: ours without it",
            what=era,
            unit="ms",
            ours=[start.called_ms for start in front],
            bare=[start.called_ms for start in aside],
        ),
        Figure(
            group="The front: resident memory after that call; bare: ours without it",
            what=era,
            unit="MiB",
            ours=[start.called_mib for start in front],
            bare=[start.called_mib for start in aside],
        ),
    ]
