"""The copies that are kept beside a host's file: before us, before our last change, and with somebody else's entry."""

import os
from itertools import chain, count
from pathlib import Path

from .files import HostFile, read_file

_BEFORE = ".before-rememberizer"
_UNDO = ".rememberizer-undo"
_REPLACED = ".rememberizer-replaced"


def copy_for(path: Path, *, is_first: bool, takes_anothers: bool) -> Path:
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


def read_copy_before_us(path: Path) -> HostFile:
    """The copy from before our first entry; its content is None where there is none.

    Raises:
        UnusableFile: It is there and can't be read as text.
    """
    return read_file(_beside(path, _BEFORE))


def drop_copies(path: Path, undo: Path | None) -> bool:
    """Remove the copies of a file that is again, to the byte, as before us, and say whether all of them went.

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
        pass
    return False


def _beside(path: Path, ending: str) -> Path:
    return path.with_name(path.name + ending)
