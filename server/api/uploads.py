"""Upload of files into a vector store (rememberizer-api.md §6.7): one multipart request, made while it is sent."""

import re
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import PurePath
from typing import Protocol

from pydantic import Field

from ..errors import InvalidArguments
from .answers import Answer, Name, read
from .client import Asker
from .endpoints import UPLOAD_VECTOR_FILES, Content
from .text import clean_line
from .vector_stores import VectorDocument

MEGABYTE = 1024 * 1024
"""Docs say MB without saying which; of the two the larger one, since upstream refuses what is too large for it."""
MOST_FILES = 20
MOST_FILE_BYTES = 50 * MEGABYTE
MOST_REQUEST_BYTES = 100 * MEGABYTE
CHUNK_BYTES = 256 * 1024
TYPES = {
    ".pdf": "application/pdf",
    ".doc": "application/msword",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".xls": "application/vnd.ms-excel",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".ppt": "application/vnd.ms-powerpoint",
    ".pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    ".txt": "text/plain",
    ".md": "text/markdown",
    ".json": "application/json",
    ".html": "text/html",
    ".htm": "text/html",
}
"""The documented types, by extension."""
_UNSAFE_IN_HEADER = re.compile(r'[\x00-\x1f\x7f"]')


class Source(Protocol):
    """A file that was opened to be sent."""

    @property
    def name(self) -> str:
        """Its name, without the folders."""
        ...

    @property
    def size(self) -> int:
        """Bytes, when it was opened."""
        ...

    async def read(self, offset: int, most: int) -> bytes:
        """At most ``most`` bytes from there on; nothing at its end."""
        ...

    async def has_changed(self) -> bool:
        """Whether it was written to since it was opened."""
        ...


Report = Callable[[int, int], Awaitable[None]]
"""Told after each part how many bytes of how many were sent."""


class UploadError(Answer):
    """A file that Rememberizer did not take."""

    file: Name = ""
    error: Name = Field("", description="Rememberizer's words.")


class Uploaded(Answer):
    """What became of each file; both lists can hold some (207)."""

    documents: list[VectorDocument]
    errors: list[UploadError]


def check(files: Sequence[Source]) -> None:
    """Hold files against the documented limits.

    Raises:
        InvalidArguments: Naming the file that is empty, too large or of another type, or what is too much together.
    """
    if len(files) > MOST_FILES:
        raise InvalidArguments(f"These are {len(files)} files; an upload takes {MOST_FILES} at most.")
    for file in files:
        if PurePath(file.name).suffix.lower() not in TYPES:
            known = ", ".join(ending.lstrip(".") for ending in TYPES)
            raise InvalidArguments(f"`{clean_line(file.name)}` has none of the types that can be uploaded: {known}.")
        if not file.size:
            raise InvalidArguments(f"`{clean_line(file.name)}` is empty.", repair="Leave it out, or check its path.")
        if file.size > MOST_FILE_BYTES:
            raise InvalidArguments(
                f"`{clean_line(file.name)}` is larger than 50 MB.", repair="Leave it out, or split it."
            )
    if sum(file.size for file in files) > MOST_REQUEST_BYTES:
        raise InvalidArguments("These files are larger than 100 MB together.", repair="Upload them in several calls.")


async def upload(asker: Asker, *, store_id: str, files: Sequence[Source], report: Report) -> Uploaded:
    """``POST vector-stores/{store}/documents/upload``; never repeated.

    Raises:
        InvalidArguments: A limit is broken, and nothing was sent; or a file changed meanwhile, and the request was cut.
        RememberizerError: Upstream's refusals, or no usable answer.
    """
    check(files)
    reply = await asker.request(UPLOAD_VECTOR_FILES.call(content=_form(files, report), store_id=store_id))
    given = {name: reply.body.fields.get(name) for name in ("documents", "errors")}
    if not reply.body.fields.keys() & given.keys():
        raise reply.unusable()
    return read(Uploaded, {name: value or [] for name, value in given.items()}, reply)


def _form(files: Sequence[Source], report: Report) -> Content:
    """The multipart body: a head, the file and a line end for each file, then the final boundary."""
    boundary, whole = secrets.token_hex(16), sum(file.size for file in files)
    heads, tail = [_head(file, boundary) for file in files], f"--{boundary}--\r\n".encode()

    async def chunks() -> AsyncIterator[bytes]:
        """The body, piece by piece; without its end, which upstream needs, if a file has changed."""
        sent = 0
        for file, head in zip(files, heads, strict=True):
            yield head
            offset = 0
            while offset < file.size:
                chunk = await file.read(offset, min(CHUNK_BYTES, file.size - offset))
                if not chunk:
                    raise _changed(file)
                offset, sent = offset + len(chunk), sent + len(chunk)
                yield chunk
                await report(sent, whole)
            yield b"\r\n"
        for file in files:
            if await file.has_changed():
                raise _changed(file)
        yield tail

    length = sum(len(head) + 2 for head in heads) + whole + len(tail)
    return Content(type=f"multipart/form-data; boundary={boundary}", length=length, chunks=chunks)


def _head(file: Source, boundary: str) -> bytes:
    name = _UNSAFE_IN_HEADER.sub(lambda found: f"%{ord(found[0]):02X}", file.name)
    return (
        f"--{boundary}\r\n"
        f'Content-Disposition: form-data; name="files"; filename="{name}"\r\n'
        f"Content-Type: {TYPES[PurePath(file.name).suffix.lower()]}\r\n\r\n"
    ).encode()


def _changed(file: Source) -> InvalidArguments:
    return InvalidArguments(
        f"`{clean_line(file.name)}` was changed while it was sent, so the upload was broken off before its end.",
        repair="Nothing of it is expected to be stored; call again when nobody writes to the file.",
    )
