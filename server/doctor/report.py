"""``Finding``: one line of the doctor's report. Findings are printed as text for people and as JSON for programs."""

import json
import traceback
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from textwrap import wrap
from typing import Any, Literal

import click

from .. import __version__
from ..logs.redaction import printable

WIDTH, LEAST_WIDTH = 80, 50
INSTALL_AGAIN = "Install rememberizer-mcp again in an environment of its own, such as `uvx rememberizer-mcp` makes."
NO_LIBRARY = "The library `keyring` is not installed where the doctor runs."
_NAME = 13
_INDENT = " " * (9 + _NAME)
_SERVER = Path(__file__).parents[1]


Level = Literal["ok", "warning", "failure"]
"""How bad a finding is; only a failure makes the exit code 1."""
_COLOURS: Mapping[Level, str] = {"ok": "green", "warning": "yellow", "failure": "red"}


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What a check found; the check's name is that of docs/doctor.md."""

    name: str
    level: Level
    text: str
    next_step: str | None = None
    ms: Mapping[str, float] = field(default_factory=dict)
    """How long things took, in milliseconds."""
    title: str = ""
    """The host whose entry it is about, if it is about one; ``grouped`` puts it before the text."""
    last_step: str = ""
    """The end of the next step, in which entries that share a finding differ; ``grouped`` puts it there."""
    path: str = ""
    """Where that entry stands, if its file is to be changed; of several, ``grouped`` names the paths alone."""

    @classmethod
    def ok(cls, name: str, text: str, *, ms: Mapping[str, float] | None = None) -> "Finding":
        """All is well."""
        return cls(name=name, level="ok", text=text, ms=ms or {})

    @classmethod
    def warning(cls, name: str, text: str, next_step: str, *, ms: Mapping[str, float] | None = None) -> "Finding":
        """It works, but not as somebody may expect."""
        return cls(name=name, level="warning", text=text, next_step=next_step, ms=ms or {})

    @classmethod
    def failure(cls, name: str, text: str, next_step: str, *, ms: Mapping[str, float] | None = None) -> "Finding":
        """It can't work."""
        return cls(name=name, level="failure", text=text, next_step=next_step, ms=ms or {})

    def as_dict(self) -> dict[str, Any]:
        """The finding as JSON takes it; times are rounded to a tenth of a millisecond."""
        ms = {name: round(value, 1) for name, value in self.ms.items()}
        return {"name": self.name, "level": self.level, "text": self.text, "next_step": self.next_step, "ms": ms}


def failed(findings: Iterable[Finding]) -> bool:
    """Whether any of them is a failure."""
    return any(finding.level == "failure" for finding in findings)


def grouped(findings: Iterable[Finding]) -> list[Finding]:
    """The findings to show. Equal ones of several entries are one, which names all of their hosts."""
    groups: dict[str, list[Finding]] = {}
    for finding in findings:
        groups.setdefault(str(_shared(finding)), []).append(finding)
    return [_together(group) for group in groups.values()]


def _shared(finding: Finding) -> Finding:
    return replace(finding, title="", last_step="", path="")


def _together(findings: Sequence[Finding]) -> Finding:
    first = _shared(findings[0])
    titles, paths = _listed(each.title for each in findings), {each.path for each in findings if each.path}
    steps = dict.fromkeys((first.next_step, *(each.last_step for each in findings)))
    if len(paths) > 1:
        files = _listed(each.path for each in findings)
        steps = dict.fromkeys((first.next_step, f"The entries are in {files}. Start these hosts again."))
    text = f"{titles}: {first.text}" if titles else first.text
    return replace(first, text=text, next_step=" ".join(filter(None, steps)) or None)


def _listed(names: Iterable[str]) -> str:
    """Each name once, as in "A, B and C"."""
    *most, last = dict.fromkeys(filter(None, names)) or [""]
    return " and ".join(filter(None, (", ".join(most), last)))


@contextmanager
def guarded(name: str, add: Callable[[Finding], object]) -> Iterator[None]:
    """Add a failure if the check in this block raises: a fault of ours, or a broken library.

    The exception's text is not shown, since it may hold a secret: only its kind and the last place in our code are.
    """
    try:
        yield
    except Exception as error:  # noqa: BLE001 -- see above
        frames = traceback.extract_tb(error.__traceback__)
        last = [frame for frame in frames if Path(frame.filename).is_relative_to(_SERVER)][-1]
        text = f"The check broke off: {type(error).__name__} at {Path(last.filename).name}:{last.lineno}."
        step = f"{INSTALL_AGAIN} If that does not help, report this line; it holds nothing of yours."
        add(Finding.failure(name, text, step))


def as_text(findings: Sequence[Finding], *, width: int = WIDTH) -> str:
    """The summary, then all findings in order, each with its next step; coloured as a terminal shows it."""
    columns = max(width, LEAST_WIDTH)
    head = wrap(f"rememberizer-mcp {__version__}: {_summary(findings)}", columns)
    return "\n".join([*head, "", *(line for finding in findings for line in _lines(finding, columns))])


def as_json(findings: Sequence[Finding]) -> str:
    """The same for programs."""
    told = [finding.as_dict() for finding in findings]
    return json.dumps({"version": __version__, "ok": not failed(findings), "findings": told}, indent=2)


def _lines(finding: Finding, columns: int) -> Iterator[str]:
    first, *rest = _wrapped(finding.text, columns) or [""]
    level = click.style(f"{finding.level:9}", fg=_COLOURS[finding.level], bold=finding.level != "ok" or None)
    yield f"{level}{printable(finding.name):{_NAME}}{first}"
    yield from (_INDENT + line for line in rest)
    for place, line in enumerate(_wrapped(finding.next_step or "", columns - 3)):
        yield f"{_INDENT}{'   ' if place else '-> '}{line}"


def _wrapped(text: str, columns: int) -> list[str]:
    return wrap(printable(text), columns - len(_INDENT), break_on_hyphens=False)


def _summary(findings: Sequence[Finding]) -> str:
    counted = []
    for level in ("failure", "warning"):
        names = Counter(printable(finding.name) for finding in findings if finding.level == level)
        if number := names.total():
            counted.append(f"{number} {level}{'s' if number > 1 else ''} ({', '.join(names)})")
    return f"{' and '.join(counted)}." if counted else "All is well."
