"""What the start of a command showed, and what to do: our own command, and those in hosts' files."""

import re
from functools import partial
from pathlib import PurePath

from .entry import Entry
from .exchange import Exchange, Fault
from .quoting import Quoting
from .report import Finding, Level

END_MS = 1000.0
OURS = "rememberizer-mcp"
UNUSABLE_CODE = 2
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


def judged(seen: Exchange, entry: Entry, *, quoting: Quoting, seconds: float) -> Finding:
    """What came of the exchange with an entry's command, which had so many seconds."""
    made = partial(Finding, name=entry.check, title=entry.title, ms=seen.ms)
    if seen.fault:
        subject = "the server" if entry.check == "stdio" else "the command"
        why, step, last_step = _why(seen, entry, quoting, seconds)
        return made(level=Level.FAILURE, text=f"{subject} {why}", next_step=step, last_step=last_step)
    if not seen.server.startswith(OURS):
        text = f"under our name stands another server, {quoting.plain(seen.server) or 'without a name'}."
        return made(level=Level.WARNING, text=text, last_step=entry.install)
    text = f"first answer after {seen.ms['first']:.0f} ms, {seen.tools} tools, nothing else on stdout."
    if seen.ms.get("end", END_MS + 1) <= END_MS:
        return made(level=Level.OK, text=text)
    text += " It did not end within a second of the end of its input."
    step = "End what it leaves behind, and report it: a host would leave it running."
    return made(level=Level.WARNING, text=text, next_step=step)


def _why(seen: Exchange, entry: Entry, quoting: Quoting, seconds: float) -> tuple[str, str, str]:
    """Why a command did not work: a sentence without its subject, a next step, and the entry's own last step."""
    words = quoting.last_words(seen.stderr)
    quoted = f" It says: {words}" if words else ""
    match seen.fault:
        case Fault.MISSING | Fault.NOT_STARTED:
            return _not_started(seen.fault, entry.command[0], quoting), "", entry.install
        case Fault.NO_TEXT:
            text = (
                "can't be started: a NUL character or half a surrogate pair stands in it or among its variables, "
                "or a `=` in the name of one."
            )
            return text, "", entry.settings
        case Fault.ENDED:
            code = "" if seen.code is None else f" with code {seen.code}"
            return f"ended{code} before it answered.{quoted}", *_after_end(seen, entry)
        case Fault.SILENT:
            missing = (
                "the handshake" if "first" not in seen.ms else "tools/list" if "tools" not in seen.ms else "a call"
            )
            step = "Try again: a first start loads from a cold disk."
            return f"did not answer {missing} within {seconds:.0f} s.{quoted}", step, entry.install
        case Fault.NOISE:
            text = f"wrote to stdout what is not of the protocol: {quoting.last_words(seen.noise) or 'a blank line'}"
            step = "Have it write to stderr instead: a shell's start-up files and wrappers often print a line."
            return text, step, ""
        case _:
            return f"answered the handshake with an error.{quoted}", "", entry.install


def _not_started(fault: Fault, program: str, quoting: Quoting) -> str:
    if re.search(r"[\s=]", program):  # it is not quoted, since it may hold a secret
        return "does not exist, or holds more than a program: arguments and variables have members of their own."
    if fault == Fault.NOT_STARTED:
        return f"{quoting.plain(program)} is nothing that the system may or can run."
    if PurePath(program).name == program:
        return f"`{quoting.plain(program)}` is not on the short PATH that a host gives."
    return f"{quoting.plain(program)} does not exist."


def _after_end(seen: Exchange, entry: Entry) -> tuple[str, str]:
    if seen.code == UNUSABLE_CODE and _UNUSABLE in seen.stderr:
        return "", entry.settings
    steps = (step for words, step in _RUNNERS if re.search(words, seen.stderr, re.IGNORECASE))
    step = next(steps, "")
    return step, "" if step else entry.install
