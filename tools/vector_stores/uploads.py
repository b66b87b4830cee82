"""The toolset ``vector_stores``: upload of files."""

from contextlib import ExitStack
from typing import Annotated

import anyio.to_thread
from pydantic import Field

from ...server.api import uploads
from ...server.api.endpoints import UPLOAD_VECTOR_FILES
from ...server.api.uploads import MOST_FILES, Uploaded
from ...server.errors import InvalidArguments
from ..base.arguments import Text
from ..base.call import ToolCall
from ..base.content import Fence, FromDocuments, Written, fitted
from .documents import Store, store_of
from .local_files import opened

PROGRESS_STEPS = 20
FilePath = Annotated[Text, Field(min_length=1, max_length=4_096)]
Paths = Annotated[list[FilePath], Field(min_length=1, max_length=MOST_FILES, description="Absolute paths.")]


class UploadResult(Written, FromDocuments, Uploaded):
    """What became of each file."""

    next: str


async def upload_vector_files(call: ToolCall, *, store: Store = None, paths: Paths) -> UploadResult:
    """Upload files of this computer into the vector store: pdf, doc, docx, xls, xlsx, ppt, pptx, txt, md, json, html or
    htm; at most 20, 50 MB each and 100 MB together. Only from folders that the user allowed by
    REMEMBERIZER_UPLOAD_DIRS. Use `add_vector_text` for text that you have.
    """
    folders = call.settings.upload_dirs
    if not folders:
        raise InvalidArguments(
            "No folder is allowed for uploads.",
            repair="Only the user can allow some: they set REMEMBERIZER_UPLOAD_DIRS and restart the server.",
        )
    told = 0

    async def report(sent: int, whole: int) -> None:
        nonlocal told
        step = sent * PROGRESS_STEPS // whole
        if step > told:
            told = step
            await call.caller.context.report_progress(sent, whole, "Uploading (bytes).")

    with ExitStack() as stack:
        files = await anyio.to_thread.run_sync(stack.enter_context, opened(folders, paths))
        uploads.check(files)
        store_id = await store_of(call, store, then=UPLOAD_VECTOR_FILES)
        done = await uploads.upload(call, store_id=store_id, files=files, report=report)
    return _result(done, account=call.account)


def _result(done: Uploaded, *, account: str | None) -> UploadResult:
    fence, most = Fence(), max(len(done.documents), len(done.errors))

    def make(items: int, _: int) -> UploadResult:
        cut = f"Only {items} of each kind are shown; `list_vector_documents` has the rest."
        return UploadResult(
            account=account,
            **fence.marks(None if items == most else cut),
            documents=done.documents[:items],
            errors=[each.model_copy(update={"error": fence.around(each.error)}) for each in done.errors[:items]],
            next=_next(done),
        )

    return fitted(make, items=most)


def _next(done: Uploaded) -> str:
    if done.errors:
        return "The files under `errors` are not stored; tell the user why."
    return "Each can be searched once it is indexed, within minutes; `get_vector_document` shows how it stands."
