"""Files for a vector store (rememberizer-api.md §6.7)."""

from dataclasses import dataclass
from pathlib import PurePosixPath

import anyio.to_thread
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import JSONResponse

from ..data.documents import Document
from ..data.refusals import Refusal
from ..data.vector_stores import VectorStore
from ..wire.file_text import UnknownKindError, read_text, type_of
from ..wire.shapes import Shape, store_document
from ..wire.uploads import FIELD, uploaded_files
from .base import answers
from .vector_stores import StoreEndpoints

_NAME_MAX = 255
_SHOWN = ("id", "name", "type", "size", "status", "created", "vector_store")


@dataclass(frozen=True, kw_only=True)
class _Refused:
    """A file that is not kept; the status is that of a request with this file alone."""

    file: str
    error: str
    status: int


class StoreUploads(StoreEndpoints):
    """Takes files into a vector store."""

    @answers("POST", "/vector-stores/{store_id}/documents/upload")
    async def upload(self, request: Request) -> JSONResponse:
        """Answer 201, or 207 when some files were refused.

        When all were, the answer is an error: 413, 415 or 400, which it also is when they were refused for different
        reasons.
        """
        store = self.store(request)
        async with uploaded_files(request, self.config) as files:
            outcomes = [await self._take(file, store) for file in files]
        kept = [outcome for outcome in outcomes if isinstance(outcome, Document)]
        refused = [outcome for outcome in outcomes if isinstance(outcome, _Refused)]
        if not kept:
            raise _refusal(refused)
        return JSONResponse(
            {
                "documents": [self._shown(document, store) for document in kept],
                "errors": [{"file": one.file, "error": one.error} for one in refused],
            },
            status_code=207 if refused else 201,
        )

    async def _take(self, file: UploadFile, store: VectorStore) -> Document | _Refused:
        name = PurePosixPath((file.filename or "").replace("\\", "/")).name[-_NAME_MAX:]
        size = file.size or 0
        try:
            media_type = type_of(name)
        except UnknownKindError:
            return _Refused(file=name, error="Files of this kind can't be uploaded.", status=415)
        if size > self.config.upload_file_bytes:
            return _Refused(file=name, error="The file is too large.", status=413)
        if size == 0:
            return _Refused(file=name, error="The submitted file is empty.", status=400)
        read = await anyio.to_thread.run_sync(read_text, file.file, media_type)
        document = self.library.add(
            store.shelf,
            name=name,
            text=read.text or "",
            type=media_type,
            integration_type="vector_store",
            size=size,
            failure=read.remark if read.text is None else None,
        )
        if read.text is not None and read.remark:
            self.services.vector_stores.remark(document.id, read.remark)
        return document

    def _shown(self, document: Document, store: VectorStore) -> Shape:
        shown = store_document(document, store, self.variants)
        return {name: shown[name] for name in _SHOWN}


def _refusal(refused: list[_Refused]) -> Refusal:
    statuses = {one.status for one in refused}
    status = statuses.pop() if len(statuses) == 1 else 400
    return Refusal(status, "invalid", " ".join(f"{one.file}: {one.error}" for one in refused), field=FIELD)
