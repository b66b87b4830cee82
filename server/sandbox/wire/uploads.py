"""Files that come in a multipart body. A body is held once, on disk where it is large (rememberizer-api.md §6.7)."""

import email.message
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import Message

from ..config import SandboxConfig
from ..data.refusals import InvalidFields, Refusal
from .forms import media_type, unsupported

FIELD = "files"
MOST_FILES = 20
_BEFORE = b"\r\n"
"""Stands before the first boundary, so that it is like the others."""
_NO_FILE = "No file was submitted."
_NOT_A_FILE = "The submitted data was not a file. Check the encoding type on the form."


@asynccontextmanager
async def uploaded_files(request: Request, config: SandboxConfig) -> AsyncIterator[list[UploadFile]]:
    """Give the files of the field `files` while the body runs; afterwards they are gone.

    Raises:
        Refusal: 413, the body is larger than `config.upload_request_bytes`; 415, it is no multipart form; 400, it can't
            be read, or holds too many files, or none.
    """
    if media_type(request) != "multipart/form-data":
        raise unsupported(request)
    try:
        counted = Request(request.scope, _Counted(request, config.upload_request_bytes).receive)
        form = await counted.form(max_files=MOST_FILES, max_fields=MOST_FILES)
    except HTTPException as error:
        raise _unreadable(error.detail) from error
    except UnicodeError as error:  # a charset of Python's that decodes nothing
        raise _unreadable("the charset can't be read.") from error
    try:
        yield _files(form.getlist(FIELD))
    finally:
        await form.close()


class _Counted:
    """Receives a body, up to a number of bytes, and to its closing boundary.

    Of a body without one Starlette drops the last file and leaves it open; an error while it reads has it closed.
    """

    def __init__(self, request: Request, most: int) -> None:
        self._receive = request.receive
        self._left = most
        self._end = f"\r\n--{_boundary(request.headers['content-type'])}--".encode(errors="replace")
        self._tail = _BEFORE
        self._is_whole = False
        self._is_cut = False
        length = request.headers.get("content-length", "")
        if length.isdecimal() and int(length) > most:
            raise self._refusal()

    async def receive(self) -> Message:
        if self._is_cut:
            raise _unreadable("the closing boundary is missing.")
        message = await self._receive()
        body = message.get("body", b"")
        self._left -= len(body)
        if self._left < 0:
            raise self._refusal()
        self._tail += body
        self._is_whole = self._is_whole or self._end in self._tail
        self._tail = self._tail[-len(self._end) :]
        self._is_cut = not message.get("more_body") and not self._is_whole and self._tail != _BEFORE
        return {**message, "more_body": True} if self._is_cut else message

    def _refusal(self) -> Refusal:
        return Refusal(413, "request_too_large", "The files of one request are too large together.", field=FIELD)


def _unreadable(reason: str) -> Refusal:
    return Refusal(400, "parse_error", f"Multipart form parse error - {reason}")


def _boundary(content_type: str) -> str:
    header = email.message.Message()
    header["Content-Type"] = content_type
    return header.get_boundary("")


def _files(values: list[UploadFile | str]) -> list[UploadFile]:
    files = [value for value in values if isinstance(value, UploadFile)]
    if not files:
        raise InvalidFields({FIELD: [_NOT_A_FILE if values else _NO_FILE]})
    return files
