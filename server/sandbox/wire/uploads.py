"""Files that come in a multipart body. A body is held once, on disk where it is large (rememberizer-api.md §6.7)."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager

from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request
from starlette.types import Message

from ..config import SandboxConfig
from ..data.refusals import InvalidFields, Refusal
from .forms import media_type, unsupported

FIELD = "files"
MOST_FILES = 20
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
    counted = Request(request.scope, _Counted(request, config.upload_request_bytes).receive)
    try:
        form = await _Parser(counted.headers, counted.stream(), max_files=MOST_FILES, max_fields=MOST_FILES).parse()
    except MultiPartException as error:
        raise _unreadable(error.message) from error
    except UnicodeError as error:  # a charset of Python's that decodes nothing
        raise _unreadable("the charset can't be read.") from error
    try:
        yield _files(form.getlist(FIELD))
    finally:
        await form.close()


class _Parser(MultiPartParser):
    """Starlette's parser, for which a part that doesn't end is an error: the files of an error are closed.

    It would drop the file of such a part, and leave it open.
    """

    _is_in_part = False

    def on_part_begin(self) -> None:
        super().on_part_begin()
        self._is_in_part = True

    def on_part_end(self) -> None:
        super().on_part_end()
        self._is_in_part = False

    async def parse(self) -> FormData:
        """Raises ``MultiPartException`` if the body can't be read to its closing boundary."""
        self.stream = self._to_its_end(self.stream)
        return await super().parse()

    async def _to_its_end(self, stream: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
        async for chunk in stream:
            yield chunk
        if self._is_in_part:
            raise MultiPartException("the closing boundary is missing.")


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


def _unreadable(reason: str) -> Refusal:
    return Refusal(400, "parse_error", f"Multipart form parse error - {reason}")


def _files(values: list[UploadFile | str]) -> list[UploadFile]:
    files = [value for value in values if isinstance(value, UploadFile)]
    if not files:
        raise InvalidFields({FIELD: [_NOT_A_FILE if values else _NO_FILE]})
    return files
