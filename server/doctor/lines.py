"""The report as people read it: 80 columns, in colour on a terminal."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from textwrap import wrap

import click

from .. import __version__
from .report import Finding, Level, failed, printable

WIDTH = 80
_NAME = 13
_INDENT = " " * (9 + _NAME)
_COLOURS = {Level.OK: "green", Level.WARNING: "yellow", Level.FAILURE: "red"}


def as_text(findings: Sequence[Finding]) -> str:
    """All findings in order, each with its next step, and a last line that counts them."""
    lines = [f"rememberizer-mcp {__version__}", "", *(line for finding in findings for line in _lines(finding))]
    return "\n".join([*lines, "", _summary(findings)])


def as_json(findings: Sequence[Finding]) -> str:
    """The same for programs."""
    report = {
        "version": __version__,
        "ok": not failed(findings),
        "findings": [finding.as_dict() for finding in findings],
    }
    return json.dumps(report, indent=2)


def _lines(finding: Finding) -> Iterator[str]:
    first, *rest = _wrapped(finding.text)
    level = click.style(
        f"{finding.level.value:9}", fg=_COLOURS[finding.level], bold=finding.level is not Level.OK or None
    )
    yield f"{level}{printable(finding.name):{_NAME}}{first}"
    yield from (_INDENT + line for line in rest)
    if finding.next_step:
        first, *rest = _wrapped(finding.next_step, less=3)
        yield f"{_INDENT}-> {first}"
        yield from (f"{_INDENT}   {line}" for line in rest)


def _wrapped(text: str, *, less: int = 0) -> list[str]:
    return wrap(printable(text), WIDTH - len(_INDENT) - less, break_on_hyphens=False) or [""]


def _summary(findings: Sequence[Finding]) -> str:
    number = Counter(finding.level for finding in findings)
    counted = [_counted(number[level], level) for level in (Level.FAILURE, Level.WARNING) if number[level]]
    return f"{' and '.join(counted)}." if counted else "All is well."


def _counted(number: int, level: Level) -> str:
    return f"{number} {level.value}{'s' if number > 1 else ''}"
