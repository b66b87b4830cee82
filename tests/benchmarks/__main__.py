"""``make bench`` or ``python -m tests.benchmarks``: what our server costs beside others. Nothing gates."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from tests.benchmarks.calls import call_figures
from tests.benchmarks.documents import document_figures
from tests.benchmarks.front import front_figures
from tests.benchmarks.hosted import hosted_figures
from tests.benchmarks.installs import install_figures
from tests.benchmarks.logins import login_figures
from tests.benchmarks.logs import log_figures
from tests.benchmarks.peers import peer_figures, versions
from tests.benchmarks.shared import shared_figures
from tests.benchmarks.starts import start_figures
from tests.benchmarks.table import machine, server_table, table
from tests.benchmarks.uploads import upload_figures


@click.command()
@click.option("--runs", type=click.IntRange(min=2), default=20, show_default=True, help="Starts of each kind.")
@click.option("--save", type=click.Path(path_type=Path, dir_okay=False), help="Write the figures to this file.")
def main(*, runs: int, save: Path | None) -> None:
    """Measure start, memory and calls of our server beside a bare MCPServer and other servers, over stdio and HTTP."""
    figures = start_figures(_rounds(runs, "Starts"))
    figures += front_figures(_rounds(runs, "Fronts"))
    figures += call_figures(runs)
    figures += document_figures(runs)
    figures += upload_figures()
    figures += log_figures(runs)
    figures += hosted_figures(runs)
    figures += login_figures(runs)
    figures += shared_figures(runs)
    peers = peer_figures(_rounds(runs, "Servers"))
    installs = install_figures(_rounds(runs, "Installs"))
    facts = machine()
    click.echo(table(figures, facts))
    click.echo(server_table(peers, installs))
    if save:
        save.write_text(
            json.dumps(
                {
                    "machine": facts | {"runs": runs, "servers": versions()},
                    "figures": [figure.as_json() for figure in figures],
                    "servers": [samples.as_json() for samples in peers],
                    "install": installs,
                },
                indent=2,
            )
            + "\n",
            encoding="utf-8",
        )


def _rounds(runs: int, label: str) -> Iterator[int]:
    with click.progressbar(range(runs), label=label, file=sys.stderr, hidden=not sys.stderr.isatty()) as rounds:
        yield from rounds


main()
