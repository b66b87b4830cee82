"""``make load`` and ``make soak``, or ``python -m tests.benchmarks.replicas``: they fail if something must not be."""

import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import anyio
import click

from tests.benchmarks.replicas.load import LONG, load
from tests.benchmarks.replicas.soak import soak
from tests.benchmarks.table import machine

saved = click.option("--save", type=click.Path(path_type=Path, dir_okay=False), help="Write the figures to this file.")


@click.group()
def main() -> None:
    """Two processes behind nginx, with Redis, and people who ask them."""


@main.command("load")
@click.option("--people", type=click.IntRange(min=1), default=LONG.people, show_default=True, help="Who ask at once.")
@saved
def load_run(people: int, save: Path | None) -> None:
    """Everybody asks once a second for a minute; a process is ended, Redis started anew, and a process killed."""
    with TemporaryDirectory() as folder:
        found = anyio.run(partial(load, Path(folder), replace(LONG, people=people), processes=2))
    _tell(found.as_json(), found.faults(), save)


@main.command("soak")
@click.option("--calls", type=click.IntRange(min=1), default=50, show_default=True, help="Calls a second.")
@click.option("--minutes", type=click.FloatRange(min=0.1), default=10.0, show_default=True)
@saved
def soak_run(calls: int, minutes: float, save: Path | None) -> None:
    """The same calls for long; nothing happens but what each process holds in memory."""
    with TemporaryDirectory() as folder:
        found = anyio.run(partial(soak, Path(folder), calls=calls, seconds=minutes * 60, processes=2))
    _tell(found.as_json(), found.faults(), save)


def _tell(figures: dict[str, Any], faults: Sequence[str], save: Path | None) -> None:
    click.echo(json.dumps({name: value for name, value in figures.items() if name != "held MiB"}, indent=2))
    for each in faults:
        click.echo(each, err=True)
    if save and not faults:
        save.write_text(json.dumps({"machine": machine(), **figures}, indent=2) + "\n", encoding="utf-8")
    sys.exit(bool(faults))


main()
