"""The files that are kept beside a host's own, and what stood there before our entry came."""

from collections.abc import Iterable, Mapping
from itertools import permutations
from pathlib import Path
from typing import Any

from .block import NAME, SANDBOX_NAME
from .entries import read_entries, with_entry
from .files import HostFile, UnusableFile, read_file
from .refusal import CantChange
from .table import Host

_BEFORE = ".before-rememberizer"
_UNDO = ".rememberizer-undo"


def beside(path: Path, *, is_first: bool) -> Path:
    """Where a host's file is kept before a change: the state without us is never replaced by one that holds us."""
    return path.with_name(path.name + (_BEFORE if is_first else _UNDO))


def before_us(host: Host, file: HostFile, name: str, entries: Mapping[str, Any]) -> str | None:
    """The text without our entry, if installing what stands there of ours makes of the kept file what stands there now.

    It must do so byte for byte. Then nothing else was changed meanwhile, and the kept text is right also in what can't
    be seen any more: whether the member that holds the servers was there, or an end of the last line.
    """
    ours = [(each, entries[each]) for each in (NAME, SANDBOX_NAME) if isinstance(entries.get(each), dict)]
    try:
        kept = read_file(beside(file.path, is_first=True))
        if kept.content is None or {NAME, SANDBOX_NAME} & read_entries(host, kept.text).keys():
            return None
        made = [kept.with_text(_installed(host, kept.text, order)) for order in permutations(ours)]
        if file.content not in made:
            return None
        return _installed(host, kept.text, [(each, entry) for each, entry in ours if each != name])
    except (UnusableFile, CantChange, UnicodeEncodeError):  # the last for half of a surrogate pair in an entry
        return None


def _installed(host: Host, text: str, entries: Iterable[tuple[str, Any]]) -> str:
    for name, entry in entries:
        text = with_entry(host, text, name, entry)
    return text
