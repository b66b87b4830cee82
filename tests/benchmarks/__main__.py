"""``make bench`` or ``python -m tests.benchmarks``: what our server costs beside a bare one. Nothing gates."""

import json
import sys

import click

from tests.benchmarks.calls import call_figures
from tests.benchmarks.documents import document_figures
from tests.benchmarks.starts import start_figures
from tests.benchmarks.table import machine, table
from tests.benchmarks.uploads import upload_figures


@click.command()
@click.option("--runs", type=click.IntRange(min=2), default=20, show_default=True, help="Starts of each kind.")
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
def main(*, runs: int, as_json: bool) -> None:
    """Measure start, memory and calls of our server against a bare MCPServer."""
    with click.progressbar(range(runs), label="Starts", file=sys.stderr, hidden=not sys.stderr.isatty()) as rounds:
        figures = start_figures(rounds)
    figures += call_figures(runs)
    figures += document_figures(runs)
    figures += upload_figures()
    facts = machine()
    if as_json:
        click.echo(json.dumps({"machine": facts, "figures": [figure.as_json() for figure in figures]}, indent=2))
    else:
        click.echo(table(figures, facts))


main()
