"""The files that are kept beside a host's own, and what stood there before our entry came."""

import os
from collections.abc import Mapping
from itertools import chain, count
from pathlib import Path
from typing import Any

from .block import NAME, SANDBOX_NAME
from .entries import oldest_first, put_entry, said_without, says
from .files import HostFile, UnusableFile, read_file
from .refusal import CantChange
from .table import Host

_BEFORE = ".before-rememberizer"
_UNDO = ".rememberizer-undo"
_REPLACED = ".rememberizer-replaced"


def before_change(path: Path, *, is_first: bool, takes_anothers: bool) -> Path:
    """Where a host's file is kept before a change.

    Args:
        path: Of the file.
        is_first: Whether none of our entries stands there. That state is never replaced by one that holds us.
        takes_anothers: Whether an entry goes that is not of our making. That state is never replaced at all.
    """
    if not takes_anothers:
        return _beside(path, _BEFORE if is_first else _UNDO)
    endings = chain([_REPLACED], (f"{_REPLACED}-{number}" for number in count(2)))
    return next(each for ending in endings if not os.path.lexists(each := _beside(path, ending)))


def _beside(path: Path, ending: str) -> Path:
    return path.with_name(path.name + ending)


def drop_copies(path: Path, undo: Path | None) -> bool:
    """Take away what is kept beside a file that is again, to the byte, as before us, and say whether all of that went.

    Args:
        path: Of the file.
        undo: Where its state before this change is kept, if that held nothing besides but our entry as we write it.
    """
    before = _beside(path, _BEFORE)
    try:
        if before.read_bytes() != path.read_bytes():
            return False
        before.unlink()
        if undo == _beside(path, _UNDO):
            undo.unlink()
            return True
    except OSError:
        return False
    return False


def before_us(host: Host, file: HostFile, name: str, said: Mapping[str, Any]) -> str | None:
    """The original text, if re-installing our present entry into the kept copy reproduces the present file.

    It must do so byte for byte. Then nothing else was changed meanwhile, and the kept text is right also in what can't
    be seen any more: whether the member that holds the servers was there, or an end of the last line. A file that is
    long takes seconds to be read, so each text is read once at most.

    Args:
        host: Whose file it is.
        file: As it stands there.
        name: Of the entry that goes.
        said: What ``says`` says of the file.
    """
    entries = said[host.key]
    ours = {each: entries[each] for each in oldest_first(host, entries) if each in (NAME, SANDBOX_NAME)}
    try:
        kept = read_file(_beside(file.path, _BEFORE))
        if kept.content is None or not all(isinstance(entry, dict) for entry in ours.values()):
            return None
        texts = [kept.text]
        for each, entry in ours.items():
            if len(kept.with_text(texts[-1])) >= len(file.content or b""):  # each of ours makes it longer
                return None
            texts.append(put_entry(host, texts[-1], each, entry))
        if kept.with_text(texts.pop()) != file.content:
            return None
        text = texts[-1] if [*ours][-1] == name else _put(host, kept.text, ours, name)
        return text if says(host, text) == said_without(host, said, name) else None
    except (UnusableFile, CantChange, UnicodeEncodeError):  # the last for half of a surrogate pair in an entry
        return None


def _put(host: Host, text: str, entries: Mapping[str, Any], name: str) -> str:
    """A text with all entries but that of this name."""
    for each in entries.keys() - {name}:
        text = put_entry(host, text, each, entries[each])
    return text
