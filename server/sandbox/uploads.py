"""Files that come in a multipart body. A body is held once, on disk where it is large (rememberizer-api.md §6.7)."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import Message

from .config import SandboxConfig
from .refusals import InvalidFields, Refusal

FIELD = "files"
MOST_FILES = 20
_MULTIPART = "multipart/form-data"
_NO_FILE = "No file was submitted."
_NOT_A_FILE = "The submitted data was not a file. Check the encoding type on the form."


@asynccontextmanager
async def uploaded_files(request: Request, config: SandboxConfig) -> AsyncIterator[list[UploadFile]]:
    """Give the files of the field `files` while the body runs; afterwards they are gone.

    Raises:
        Refusal: 413, the body is larger than `config.upload_request_bytes`; 415, it is no multipart form; 400, it can't
            be read, or holds too many files, or none.
    """
    media_type = request.headers.get("content-type", "")
    if media_type.partition(";")[0].strip().lower() != _MULTIPART:
        raise Refusal(415, "unsupported_media_type", f'Unsupported media type "{media_type}" in request.')
    counted = Request(request.scope, _Counted(request, config.upload_request_bytes).receive)
    try:
        form = await counted.form(max_files=MOST_FILES, max_fields=MOST_FILES)
    except HTTPException as error:
        raise Refusal(400, "parse_error", f"Multipart form parse error - {error.detail}") from error
    except UnicodeError as error:  # a charset of Python's that decodes nothing
        raise Refusal(400, "parse_error", "Multipart form parse error - the charset can't be read.") from error
    try:
        yield _files(form.getlist(FIELD))
    finally:
        await form.close()


class _Counted:
    """Receives a body, up to a number of bytes."""

    def __init__(self, request: Request, most: int) -> None:
        self._receive = request.receive
        self._left = most
        length = request.headers.get("content-length", "")
        if length.isdecimal() and int(length) > most:
            raise self._refusal()

    async def receive(self) -> Message:
        message = await self._receive()
        self._left -= len(message.get("body", b""))
        if self._left < 0:
            raise self._refusal()
        return message

    def _refusal(self) -> Refusal:
        return Refusal(413, "request_too_large", "The files of one request are too large together.", field=FIELD)


def _files(values: list[UploadFile | str]) -> list[UploadFile]:
    files = [value for value in values if isinstance(value, UploadFile)]
    if not files:
        raise InvalidFields({FIELD: [_NOT_A_FILE if values else _NO_FILE]})
    return files
