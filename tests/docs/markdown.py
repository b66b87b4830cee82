"""Markdown, written."""

from collections.abc import Sequence


def table(head: str, rows: Sequence[str]) -> str:
    """A table; head and rows are cells with bars between them."""
    columns = head.count("|") + 1
    return "\n".join([f"| {head} |", "|" + "---|" * columns, *(f"| {row} |" for row in rows)])
