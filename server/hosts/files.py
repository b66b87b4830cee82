"""Reading and replacing a host's file: at once, beside a copy, and never over somebody else's change.

The copies are of the file before us, before our last change, and with somebody else's entry.
"""

import errno
import os
import stat
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from itertools import chain, count
from pathlib import Path
from secrets import token_hex

MOST_BYTES = 20 * 2**20
"""Claude Code's file grows with its history; this is far more than any seen."""
BOM = "\ufeff"
_BEFORE = ".before-rememberizer"
_UNDO = ".rememberizer-undo"
_REPLACED = ".rememberizer-replaced"


class UnusableFile(Exception):
    """A file is left alone; the message names it and says why."""


class CantChange(Exception):
    """A text can't be changed safely; the message goes on from the file's name: "is not valid JSON"."""


@dataclass(frozen=True, kw_only=True)
class HostFile:
    """A file as it was read.

    Raises:
        UnusableFile: Of each method: a file that is there can't be read as text, is write-protected or can't be
            written, or this one has changed since it was read.
    """

    path: Path
    """What a link leads to, if it is one: dotfiles are often links."""
    content: bytes | None
    """``None`` where there is none yet."""

    @property
    def text(self) -> str:
        """Without its byte order mark."""
        return (self.content or b"").decode().removeprefix(BOM)

    def with_text(self, text: str) -> bytes:
        """What the file would hold with another text, behind the mark that it has."""
        return ((BOM if (self.content or b"").startswith(BOM.encode()) else "") + text).encode()

    def check_writable(self) -> None:
        """Nothing, if the file's mode lets it be written, or it is not there: replacing needs the folder's rights."""
        path = self.path
        if path.exists() and not path.stat().st_mode & stat.S_IWUSR:
            raise UnusableFile(f"{path} is write-protected; it was left alone. Make it writable, and run this again.")

    def replace(self, text: str, *, backup: Path) -> None:
        """Put a text in place of what was read, which is kept as a backup."""
        path = self.path
        try:
            content = self.with_text(text)
            self.check_writable()
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            if self.content is not None:
                _write(backup, self.content, like=path)
            _write(path, content, like=path, check=self._check_unchanged)
        except OSError as error:
            raise UnusableFile(f"{path} can't be written: {error.strerror}.") from None
        except UnicodeEncodeError:
            raise UnusableFile(f"{path} holds half of a surrogate pair in our entry; it was left alone.") from None

    def _check_unchanged(self) -> None:
        if read_file(self.path).content != self.content:
            raise UnusableFile(f"{self.path} was changed by another program just now; run this again.")

    def copy_for(self, *, is_first: bool, takes_anothers: bool) -> Path:
        """Where the file is kept before a change.

        Args:
            is_first: Whether none of our entries stands there. That state is never replaced by one that holds us.
            takes_anothers: Whether an entry goes that is not of our making. That state is never replaced at all.
        """
        if not takes_anothers:
            return self._beside(_BEFORE if is_first else _UNDO)
        endings = chain([_REPLACED], (f"{_REPLACED}-{number}" for number in count(2)))
        return next(each for ending in endings if not os.path.lexists(each := self._beside(ending)))

    def copy_before_us(self) -> "HostFile":
        """The copy from before our first entry; its content is None where there is none."""
        return read_file(self._beside(_BEFORE))

    def drop_copies(self, undo: Path | None) -> bool:
        """Remove the copies, if the file is again, to the byte, as before us; say whether all of them went.

        Args:
            undo: Where the state before this change is kept, if that held nothing besides but our entry as we write it.
        """
        before = self._beside(_BEFORE)
        with suppress(OSError):
            if before.read_bytes() == self.path.read_bytes():
                before.unlink()
                if undo == self._beside(_UNDO):
                    undo.unlink()
                    return True
        return False

    def _beside(self, ending: str) -> Path:
        return self.path.with_name(self.path.name + ending)


def read_file(path: Path) -> HostFile:
    """A host's file; ``UnusableFile``, if it is there and can't be read as text."""
    try:
        status = path.stat()
        target = path.resolve()
        if not stat.S_ISREG(status.st_mode):
            raise UnusableFile(f"{path} is no file.")
        if status.st_size > MOST_BYTES:
            raise UnusableFile(f"{path} is larger than {MOST_BYTES // 2**20} MiB.")
        content = target.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        if path.is_symlink():
            raise UnusableFile(f"{path} is a link that leads nowhere.") from None
        return HostFile(path=path.resolve(), content=None)
    except OSError as error:
        why = "its links go in a circle" if error.errno == errno.ELOOP else error.strerror
        raise UnusableFile(f"{path} can't be read: {why}.") from None
    try:
        content.decode()
    except UnicodeDecodeError:
        raise UnusableFile(f"{path} is not UTF-8 text.") from None
    return HostFile(path=target, content=content)


def _write(path: Path, content: bytes, *, like: Path, check: Callable[[], None] = lambda: None) -> None:
    """Write a file whole or not at all, for the same people as another one; a new one is for its user only.

    The check comes last before the file takes its place.
    """
    temporary = path.with_name(f"{path.name}.{token_hex(8)}")  # known before it is there, so that it never stays
    try:
        with open(temporary, "xb", opener=partial(os.open, mode=0o600)) as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if like.exists():
            _take_after(temporary, like)
        check()
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _take_after(path: Path, like: Path) -> None:
    """Give a file that only its user may read the owner, attributes and mode of another; it is never open to more."""
    status, mode = like.stat(), stat.S_IMODE(like.stat().st_mode)
    with suppress(PermissionError, AttributeError):  # Windows has no owners of this kind, and no such function
        os.chown(path, status.st_uid, status.st_gid)
    if path.stat().st_gid != status.st_gid:
        mode &= ~stat.S_IRWXG
    path.chmod(mode if _has_same_attributes(path, like) else mode & stat.S_IRWXU)


def _has_same_attributes(path: Path, like: Path) -> bool:
    """Give it the extended attributes of another file, and say whether those went over that say who may read it.

    With access control lists, the mode's group is the most that anybody of the list has, not what the group has.
    """
    if not hasattr(os, "listxattr"):
        return True
    try:
        own, theirs = os.listxattr(path), os.listxattr(like)
    except OSError:  # this file system has none
        return True
    is_same = True
    for name in {*own, *theirs}:
        try:
            if name in theirs:
                os.setxattr(path, name, os.getxattr(like, name))
            else:  # a folder may have a list for what is made in it
                os.removexattr(path, name)
        except OSError:
            is_same = is_same and not name.startswith("system.")
    return is_same
