"""The log: one redacted line per event, on stderr.

``KnownSecrets`` holds the secret values in use. The handler replaces each of them wherever it would appear, also in the
text of an exception. Redaction can't cover a secret that has not been parsed yet, so nothing is printed of what the
loggers of raw input and raw traffic (``WITHHELD``) log, at any level.
"""

import json
import logging
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from traceback import TracebackException
from typing import TextIO
from urllib.parse import quote, quote_plus

from . import secret_forms
from .line_writer import LineWriter

OURS = "rememberizer_mcp"
WITHHELD = ("mcp.shared.jsonrpc_dispatcher", "mcp.server.runner", "httpx", "httpcore")
REDACTED = secret_forms.REDACTED
SHORTEST_SECRET = 4
"""Characters. Replacing shorter values would take ordinary words apart and hide nothing."""


class KnownSecrets:
    """The secret values in use, counted, so that a value known from two places stays known until both forget it.

    Neither a change nor a line costs more with more values, because a form is looked for only in a line that holds its
    last characters.
    """

    def __init__(self) -> None:
        self._values: dict[str, int] = {}
        self._forms: defaultdict[str, dict[str, int]] = defaultdict(dict)
        """By their last ``SHORTEST_SECRET`` characters. CPython's search for garbage passes over such plain dicts (to
        3.13), of which each session has some; it does not pass over a ``Counter``.
        """
        self._lock = threading.RLock()

    def __repr__(self) -> str:
        return f"<KnownSecrets: {len(self._values)} values>"

    def learn(self, values: Iterable[str]) -> None:
        """Redact these values from now on."""
        with self._lock:
            for value in values:
                if len(value) >= SHORTEST_SECRET and _is_first(self._values, value):
                    for form in _forms(value):
                        _is_first(self._forms[form[-SHORTEST_SECRET:]], form)

    def forget(self, values: Iterable[str]) -> None:
        """Undo one ``learn`` of these values."""
        with self._lock:
            for value in values:
                if value in self._values and _is_none_left(self._values, value):
                    for form in _forms(value):
                        last = form[-SHORTEST_SECRET:]
                        if _is_none_left(self._forms[last], form) and not self._forms[last]:
                            del self._forms[last]

    @contextmanager
    def during(self, values: Iterable[str]) -> Iterator[None]:
        """Redact these values while the block runs."""
        held = tuple(values)
        self.learn(held)
        try:
            yield
        finally:
            self.forget(held)

    def redact(self, text: str) -> str:
        """Replace each known value, also where it is JSON-escaped, ``repr``-escaped or percent-encoded.

        Values that overlap are replaced as one, so that nothing of either is left.
        """
        hidden: list[tuple[int, int]] = []
        with self._lock:
            found = sorted(self._found(text))
        for start, end in found:
            first, last = hidden.pop() if hidden and start < hidden[-1][1] else (start, end)
            hidden.append((first, max(last, end)))
        shown = 0
        parts: list[str] = []
        for start, end in hidden:
            parts += [text[shown:start], REDACTED]
            shown = end
        return "".join([*parts, text[shown:]])

    def _found(self, text: str) -> Iterator[tuple[int, int]]:
        """Where forms begin and end."""
        for last in {text[end - SHORTEST_SECRET : end] for end in range(SHORTEST_SECRET, len(text) + 1)}:
            for form in self._forms.get(last, ()):
                yield from _places(form, text)


def _places(form: str, text: str) -> Iterator[tuple[int, int]]:
    """Where a form begins and ends in a text. Those between two that overlap are left out."""
    start = text.find(form)
    while start >= 0:
        end = start + len(form)
        yield start, end
        start = text.rfind(form, start + 1, end + len(form) - 1)
        if start < 0:
            start = text.find(form, end)


def _is_first(counts: dict[str, int], each: str) -> bool:
    """Count one more, and say whether it is the first."""
    counts[each] = counts.get(each, 0) + 1
    return counts[each] == 1


def _is_none_left(counts: dict[str, int], each: str) -> bool:
    """Count one less, and say whether it was the last."""
    counts[each] -= 1
    if counts[each]:
        return False
    del counts[each]
    return True


def _forms(value: str) -> set[str]:
    """The value as JSON, ``repr`` and percent-encoding write it."""
    raw = value.encode("utf-8", "replace")
    forms = {value, json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1]}
    forms |= {repr(value)[1:-1], ascii(value)[1:-1], repr(raw)[2:-1], repr("\"'" + value)[3:-1].removeprefix("'")}
    forms |= {quote(raw, safe=""), quote(raw), quote_plus(raw)}
    return {printable(form) for form in forms}


class RedactingHandler(logging.Handler):
    """Writes one line per event to ``stream``; below WARNING only our own loggers pass.

    The line is made and redacted in the thread that logs, while its secrets are known, and written in another.
    """

    def __init__(self, *, secrets: KnownSecrets, stream: TextIO, now: Callable[[], float] = time.time) -> None:
        super().__init__()
        self._secrets = secrets
        self._writer = LineWriter(stream, about_lost=self._about_lost)
        self._now = now
        self.addFilter(_is_wanted)

    def emit(self, record: logging.LogRecord) -> None:
        """Write the record. A stream that is gone, or that nobody reads, never holds up the call that logs."""
        text = self._secrets.redact(printable(_text(record)))
        self._writer.write(self._line(record.levelname, record.name, text))

    def flush(self) -> None:
        """Wait until all events so far are written, at most ``FLUSH_SECONDS``."""
        self._writer.flush()

    def close(self) -> None:
        """Flush, and end the thread that writes."""
        self._writer.close()
        super().close()

    def _line(self, level: str, name: str, text: str) -> str:
        stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(self._now()))
        return f"{stamp} {level} {name}: {text}"

    def _about_lost(self, number: int) -> str:
        return self._line("WARNING", __name__, f"{number} events were dropped here, because nobody read the log")


def install(*, level: str, secrets: KnownSecrets, stream: TextIO) -> None:
    """Make the redacting handler the only one; call it before ``MCPServer`` is built, which adds one if it finds none.

    Args:
        level: A name that ``logging`` knows, in either case; it applies to our own loggers.
        secrets: The registry that sessions and tools teach.
        stream: Where the lines go; stdout belongs to the protocol.
    """
    root = logging.getLogger()
    root.handlers[:] = [RedactingHandler(secrets=secrets, stream=stream)]
    root.setLevel(logging.WARNING)
    logging.getLogger(OURS).setLevel(level.upper())
    logging.captureWarnings(capture=True)


def flush() -> None:
    """Wait until all events so far are written, at most ``FLUSH_SECONDS``, if our handler is installed."""
    for handler in logging.getLogger().handlers:
        handler.flush()


def _is_wanted(record: logging.LogRecord) -> bool:
    return record.levelno >= logging.WARNING or bool(logging.Filter(OURS).filter(record))


def _text(record: logging.LogRecord) -> str:
    if any(logging.Filter(name).filter(record) for name in WITHHELD):
        raised = record.exc_info[0] if record.exc_info else None
        return "an event whose content is withheld" + (f" ({raised.__name__})" if raised else "")
    try:
        text = record.getMessage()
    except Exception:  # noqa: BLE001 -- a broken format string of a library must not end the call
        text = "an event that could not be formatted"
    if record.exc_info and record.exc_info[1]:
        text += f" | {_exception(record.exc_info[1])}"
    return text


def _exception(error: BaseException) -> str:
    """The chain of an exception on one line: each link's type, text and innermost frame."""
    links: list[str] = []
    link: TracebackException | None = TracebackException.from_exception(error)
    while link is not None:
        text = "".join(link.format_exception_only()).strip()
        if link.exceptions:
            text += f" [{', '.join(_leaves(link.exceptions))}]"
        where = f" at {Path(link.stack[-1].filename).name}:{link.stack[-1].lineno}" if link.stack else ""
        links.append(text + where)
        link = link.__cause__ or (None if link.__suppress_context__ else link.__context__)
    return " <- ".join(links)


def _leaves(group: Iterable[TracebackException]) -> Iterator[str]:
    """The texts of the exceptions in a group, at any depth."""
    for each in group:
        if each.exceptions:
            yield from _leaves(each.exceptions)
        else:
            yield "".join(each.format_exception_only()).strip()


def printable(text: str, *, instead: str = " ") -> str:
    """The text on one line, with each character that a terminal obeys replaced."""
    if text.isprintable():
        return text
    return "".join(character if character.isprintable() else instead for character in text)
