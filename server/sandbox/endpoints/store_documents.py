"""A vector store's documents: kept, uploaded and searched (rememberizer-api.md §6.4 to §6.11)."""

from pathlib import PurePosixPath
from typing import Annotated

import anyio.to_thread
from pydantic import Field
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from ..data.agentic import search_in_rounds, told
from ..data.documents import Document, Match
from ..data.refusals import Refusal
from ..data.vector_stores import VectorStore
from ..wire.file_text import read_text, type_of
from ..wire.forms import GIVEN, Content, Fields, Named, Query, read_json, read_query
from ..wire.shapes import Shape, store_document, store_search_reply
from ..wire.uploads import FIELD, uploaded_files
from .base import answers, found, id_in
from .documents import Around, Results
from .vector_stores import StoreEndpoints

_ALL = "/vector-stores/{store_id}/documents"
_UPLOADED = ("id", "name", "type", "size", "status", "created", "vector_store")
_ONE = f"{_ALL}/{{id:int}}"


class _Document(Named):
    text: Content


class _Search(Fields):
    query: Query = Field(alias="q")
    limit: Results = Field(10, alias="n")
    threshold: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False), GIVEN] = Field(0.7, alias="t")
    previous: Around = Field(0, alias="prev_chunks")
    following: Around = Field(0, alias="next_chunks")


class _AgenticSearch(Fields):
    query: Query
    limit: Results = Field(5, alias="n_chunks")
    context: Annotated[Query, GIVEN] = Field("", alias="user_context")


class StoreDocumentEndpoints(StoreEndpoints):
    """Keeps and searches the documents of a store. The searches find words, not meanings."""

    @answers("GET", _ALL, f"{_ALL}/")
    async def listing(self, request: Request) -> list[Shape]:
        """Answer with all of them in a bare array, the oldest first."""
        store = self.store(request)
        return [store_document(document, store, self.variants) for document in self.library.page(store.scope)]

    @answers("POST", f"{_ALL}/create")
    async def create(self, request: Request) -> JSONResponse:
        """Add a text, which is kept as it came."""
        store = self.store(request)
        fields = await read_json(request, _Document)
        document = self.library.add(store.shelf, integration_type="vector_store", **fields.model_dump())
        return JSONResponse(store_document(document, store, self.variants), status_code=201)

    @answers("GET", f"{_ALL}/search")
    async def search(self, request: Request) -> Shape:
        """Search once."""
        store = self.store(request)
        fields = read_query(request, _Search)
        matches = self.library.search(store.scope, **fields.model_dump(exclude={"threshold"}))
        return store_search_reply(_near(matches, fields.threshold), store)

    @answers("POST", f"{_ALL}/agentic_search")
    async def agentic_search(self, request: Request) -> Shape:
        """Search in rounds; the extra members are those of the search of documents."""
        store = self.store(request)
        fields = await read_json(request, _AgenticSearch)
        matches, rounds = search_in_rounds(self.library, store.scope, **fields.model_dump())
        return store_search_reply(matches, store) | told(matches, rounds)

    @answers("GET", _ONE, f"{_ONE}/")
    async def get(self, request: Request) -> Shape:
        """Answer with one."""
        store = self.store(request)
        return store_document(found(self.library.document(store.scope, id_in(request))), store, self.variants)

    @answers("PATCH", f"{_ONE}/")
    async def rename(self, request: Request) -> Shape:
        """Change the name, which is all that can change, whatever else the body holds."""
        store = self.store(request)
        fields = await read_json(request, Named)
        document = found(self.library.rename(store.scope, id_in(request), fields.name))
        return store_document(document, store, self.variants)

    @answers("DELETE", f"{_ONE}/")
    async def remove(self, request: Request) -> Response:
        """Remove one."""
        found(self.library.remove(self.store(request).scope, id_in(request)))
        return Response(status_code=204)

    @answers("POST", f"{_ALL}/upload")
    async def upload(self, request: Request) -> JSONResponse:
        """Take files (§6.7): answer 201, or 207 when some were refused.

        When all were, the answer is an error: 413, 415 or 400, which it also is when they were refused for different
        reasons.
        """
        store = self.store(request)
        kept: list[Shape] = []
        refused: list[tuple[str, Refusal]] = []
        async with uploaded_files(request, self.config) as files:
            for file in files:
                name = PurePosixPath((file.filename or "").replace("\\", "/")).name[-255:]
                try:
                    shown = store_document(await self._keep(file, name, store), store, self.variants)
                    kept.append({member: shown[member] for member in _UPLOADED})
                except Refusal as refusal:
                    refused.append((name, refusal))
        if not kept:
            statuses = {refusal.status for _, refusal in refused}
            detail = " ".join(f"{name}: {refusal.detail}" for name, refusal in refused)
            raise Refusal(statuses.pop() if len(statuses) == 1 else 400, "invalid", detail, field=FIELD)
        errors = [{"file": name, "error": refusal.detail} for name, refusal in refused]
        return JSONResponse({"documents": kept, "errors": errors}, status_code=207 if refused else 201)

    async def _keep(self, file: UploadFile, name: str, store: VectorStore) -> Document:
        kind, size = type_of(name), file.size or 0
        if kind is None:
            raise Refusal(415, "invalid", "Files of this kind can't be uploaded.")
        if size > self.config.upload_file_bytes:
            raise Refusal(413, "invalid", "The file is too large.")
        if size == 0:
            raise Refusal(400, "invalid", "The submitted file is empty.")
        text, why_not = await anyio.to_thread.run_sync(read_text, file.file, kind)
        return self.library.add(
            store.shelf,
            name=name,
            text=text or "",
            remark=None if text is None else why_not,
            failure=why_not if text is None else None,
            type=kind,
            size=size,
            integration_type="vector_store",
        )


def _near(matches: list[Match], threshold: float) -> list[Match]:
    """Leave out what is further than the threshold allows.

    The distances of a search by words have no fixed scale, so the threshold is a part of the best match's nearness: 1
    keeps what is as near as the best, 0 keeps all.
    """
    best = max((1 - match.distance for match in matches), default=0)
    return [match for match in matches if 1 - match.distance >= threshold * best]
