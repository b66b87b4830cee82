"""Why a server did not start, and what to do about it."""

import re
from pathlib import PurePath
from typing import NamedTuple

from .exchange import Exchange, Fault
from .quoting import Quoting

UNUSABLE_CODE = 2
_MORE = "does not exist, or holds more than a program: arguments and variables have members of their own."
"""It is not quoted, since it may hold a secret."""
_NO_TEXT = (
    "can't be started: a NUL character or half a surrogate pair stands in it or among its variables, "
    "or a `=` in the name of one."
)
_UNUSABLE = b"rememberizer-mcp can't start"
_RUNNERS = (
    (
        rb"unknownissuer|invalid peer certificate|certificate_verify_failed",
        "It does not trust the certificate that it meets: set UV_SYSTEM_CERTS to `true` in the entry's environment.",
    ),
    (
        rb"network was disabled|failed to fetch|error sending request|dns error|could not connect",
        "It needs the network to be installed: go online and run `uvx rememberizer-mcp --version` once.",
    ),
    (
        rb"no solution found|not found in the (package )?registry|no matching distribution",
        "The package was not found: check its name, and the index that uv or pip is told to use.",
    ),
)
"""What uv and pip say where they can't install us, and what to do; the first that fits."""


class Advice(NamedTuple):
    """What repairs a command that somebody starts."""

    install: str
    """Has the command written or installed anew."""
    settings: str
    """Says where its settings are."""


def explained(
    seen: Exchange, fault: Fault, advice: Advice, *, program: str, quoting: Quoting, seconds: float
) -> tuple[str, str]:
    """A sentence without its subject, which is the command, and the next step.

    Args:
        seen: What came of the exchange.
        fault: How it ended.
        advice: For whoever starts this command.
        program: What it starts.
        quoting: How its own words are shown.
        seconds: How long it had.
    """
    match fault:
        case Fault.MISSING | Fault.NOT_STARTED:
            return _not_started(fault, program, quoting.plain(program)), advice.install
        case Fault.NO_TEXT:
            return _NO_TEXT, advice.settings
        case Fault.ENDED:
            return _ended(seen, advice, quoting)
        case Fault.SILENT:
            return _silent(seen, quoting, seconds), f"Try again: a first start loads from a cold disk. {advice.install}"
        case Fault.NOISE:
            said = f"wrote to stdout what is not of the protocol: {quoting.last_words(seen.noise) or 'a blank line'}"
            return said, "Have it write to stderr instead: a shell's start-up files and wrappers often print a line."
        case _:
            return f"answered the handshake with an error.{_quoted(seen, quoting)}", advice.install


def _not_started(fault: Fault, program: str, name: str) -> str:
    if re.search(r"[\s=]", program):
        return _MORE
    if fault == Fault.NOT_STARTED:
        return f"{name} is nothing that the system may or can run."
    if PurePath(program).name == program:
        return f"`{name}` is not on the short PATH that a host gives."
    return f"{name} does not exist."


def _ended(seen: Exchange, advice: Advice, quoting: Quoting) -> tuple[str, str]:
    code = "" if seen.code is None else f" with code {seen.code}"
    said = f"ended{code} before it answered.{_quoted(seen, quoting)}"
    if seen.code == UNUSABLE_CODE and _UNUSABLE in seen.stderr:
        return said, advice.settings
    steps = (step for words, step in _RUNNERS if re.search(words, seen.stderr, re.IGNORECASE))
    return said, next(steps, advice.install)


def _silent(seen: Exchange, quoting: Quoting, seconds: float) -> str:
    missing = "the handshake" if "first" not in seen.ms else "tools/list" if "tools" not in seen.ms else "a call"
    return f"did not answer {missing} within {seconds:.0f} s.{_quoted(seen, quoting)}"


def _quoted(seen: Exchange, quoting: Quoting) -> str:
    words = quoting.last_words(seen.stderr)
    return f" It says: {words}" if words else ""
