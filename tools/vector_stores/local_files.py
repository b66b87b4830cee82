"""Files of this machine that may be uploaded: those in the folders of REMEMBERIZER_UPLOAD_DIRS, and no others.

Each folder on the way is opened relative to the one above it, without following links, and what is sent is read from
that very descriptor: nothing can be swapped in between. Hard links and mount points are what they are. A system
without ``dir_fd`` (Windows) resolves the path and compares; a link put there in that instant would be followed.
"""

import os
import stat
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePath

import anyio.to_thread

from ...server.api.text import clean_line
from ...server.errors import InvalidArguments

HAS_DIR_FD = os.open in os.supports_dir_fd
_NOT_ALLOWED = "Ask the user for the absolute path of a file in a folder that REMEMBERIZER_UPLOAD_DIRS allows."


@dataclass(frozen=True)
class LocalFile:
    """A plain file, open to be read, as it was when it was opened."""

    name: str
    descriptor: int
    size: int
    modified_ns: int

    async def read(self, offset: int, most: int) -> bytes:
        """At most ``most`` bytes from there on; nothing at its end."""
        return await anyio.to_thread.run_sync(_read, self.descriptor, offset, most)

    async def has_changed(self) -> bool:
        """Whether it was written to since it was opened."""
        now = await anyio.to_thread.run_sync(os.fstat, self.descriptor)
        return (now.st_size, now.st_mtime_ns) != (self.size, self.modified_ns)


@contextmanager
def opened(
    folders: Sequence[Path], paths: Sequence[str], *, has_dir_fd: bool = HAS_DIR_FD
) -> Iterator[list[LocalFile]]:
    """Files, open while the body runs.

    Args:
        folders: The allowed ones.
        paths: Absolute.
        has_dir_fd: Whether this system opens files relative to a folder.

    Raises:
        InvalidArguments: One is in none of the folders, or is no plain file that can be read.
    """
    below = _open_below if has_dir_fd else _open_resolved
    with ExitStack() as stack:
        files = []
        for path in paths:
            descriptor = _open(folders, PurePath(path), below)
            stack.callback(os.close, descriptor)
            files.append(_checked(PurePath(path).name, descriptor))
        yield files


def _open(folders: Sequence[Path], path: PurePath, below: Callable[[Path, Sequence[str]], int]) -> int:
    name = clean_line(path.name)
    for folder in dict.fromkeys(each for allowed in folders for each in (allowed, Path(os.path.realpath(allowed)))):
        parts = path.relative_to(folder).parts if path.is_relative_to(folder) else ()
        if parts and ".." not in parts:
            try:
                return below(folder, parts)
            except FileNotFoundError as error:
                raise InvalidArguments(f"There is no file `{name}`.", repair="Check its path.") from error
            except (OSError, ValueError) as error:
                raise InvalidArguments(
                    f"`{name}` can't be opened: it is a link or reached by one, is no plain file, or may not be read.",
                    repair=_NOT_ALLOWED,
                ) from error
    raise InvalidArguments(f"`{name}` is in no folder from which files may be uploaded.", repair=_NOT_ALLOWED)


def _open_below(folder: Path, parts: Sequence[str]) -> int:
    """Step by step from the folder, whose own path is the user's and may hold links."""
    at = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for part in parts[:-1]:
            inner = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=at)
            os.close(at)
            at = inner
        # Not to wait for somebody who writes to a pipe.
        return os.open(parts[-1], os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=at)
    finally:
        os.close(at)


def _open_resolved(folder: Path, parts: Sequence[str]) -> int:
    """The file under its resolved path, which has to be the one that was named."""
    path = Path(os.path.realpath(folder)).joinpath(*parts)
    if Path(os.path.realpath(path)) != path:
        raise OSError("a link")
    if not path.is_file():
        raise FileNotFoundError
    return os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))


def _checked(name: str, descriptor: int) -> LocalFile:
    found = os.fstat(descriptor)
    if not stat.S_ISREG(found.st_mode):
        raise InvalidArguments(f"`{clean_line(name)}` is no plain file.", repair=_NOT_ALLOWED)
    return LocalFile(name, descriptor, found.st_size, found.st_mtime_ns)


def _read(descriptor: int, offset: int, most: int) -> bytes:
    os.lseek(descriptor, offset, os.SEEK_SET)
    return os.read(descriptor, most)
