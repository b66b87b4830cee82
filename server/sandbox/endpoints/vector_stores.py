"""`vector-stores/`: stores, and their documents (rememberizer-api.md §6). The searches find words, not meanings."""

from pathlib import PurePosixPath
from typing import Annotated

import anyio.to_thread
from pydantic import Field
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from ..data.agentic import search_in_rounds, told
from ..data.documents import Document, Match
from ..data.refusals import Refusal, invalid_api_key, not_found, permission_denied
from ..data.vector_stores import VectorStore
from ..wire.file_text import read_text, type_of
from ..wire.forms import GIVEN, GIVEN_NUMBER, Content, Fields, Named, Query, Text, one_of, read_json, read_query
from ..wire.shapes import Shape, iso, store_document, store_search_reply
from ..wire.uploads import FIELD, uploaded_files
from .base import Endpoints, answers, found, id_in
from .documents import Around, Results

_MODELS = {
    "openai/text-embedding-3-small": 1536,
    "openai/text-embedding-3-large": 1536,
    "sentence-transformers/all-mpnet-base-v2": 768,
}
_ALGORITHMS = ("ivfflat", "hnsw")
_METRICS = ("cosine_distance", "inner_product", "l2_distance")
_GUIDE_ALGORITHMS = tuple(name.upper() for name in _ALGORITHMS)
_GUIDE_METRICS = ("cosine", "ip", "l2")
"""Another page of the documentation has these names."""
_DOCUMENTS = "/vector-stores/{store_id}/documents"
_UPLOADED = ("id", "name", "type", "size", "status", "created", "vector_store")
_DOCUMENT = f"{_DOCUMENTS}/{{id:id}}"


class _Store(Named):
    description: Annotated[Text, Field(max_length=2000), GIVEN] = ""
    embedding_model: Annotated[str, one_of(_MODELS), GIVEN] = "openai/text-embedding-3-small"
    indexing_algorithm: Annotated[str, one_of((*_ALGORITHMS, *_GUIDE_ALGORITHMS)), GIVEN] = "ivfflat"
    vector_dimension: Annotated[int, Field(ge=1, le=2000), GIVEN_NUMBER] = 1536
    search_metric: Annotated[str, one_of((*_METRICS, *_GUIDE_METRICS)), GIVEN] = "cosine_distance"


class _Document(Named):
    text: Content


class _Search(Fields):
    query: Query = Field(alias="q")
    limit: Results = Field(10, alias="n")
    threshold: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False), GIVEN_NUMBER] = Field(0.7, alias="t")
    previous: Around = Field(0, alias="prev_chunks")
    following: Around = Field(0, alias="next_chunks")


class _AgenticSearch(Fields):
    query: Query
    limit: Results = Field(5, alias="n_chunks")
    context: Annotated[Query, GIVEN] = Field("", alias="user_context")


class VectorStoreEndpoints(Endpoints):
    """Makes vector stores, tells of them, and keeps and searches their documents."""

    @answers("GET", "/vector-stores/me", "/vector-stores/me/")
    async def me(self, request: Request) -> Shape:
        """Answer with the store that the API key belongs to."""
        store = self.services.store(request)
        return {
            **_summary(store),
            "embedding_model": store.embedding_model,
            "indexing_algorithm": store.indexing_algorithm,
            "vector_dimension": store.vector_dimension,
            "search_metric": store.search_metric,
        }

    @answers("POST", "/vector-stores/")
    async def create(self, request: Request) -> JSONResponse:
        """Make a store, for a session. The store's key is on the outbox page, not in the reply."""
        owner = self.services.owner(request)
        fields = await read_json(request, _Store)
        store = self.services.vector_stores.create(owner.account.id, **fields.model_dump())
        return JSONResponse(_summary(store), status_code=self.variants.store_created)

    @answers("GET", "/vector-stores/configs")
    async def configs(self, request: Request) -> Shape:
        """Answer with what a store can be made of, for a session or the key of any store."""
        if "x-api-key" in request.headers:
            self.services.store(request)
        else:
            self.services.token_holder(request)
        return {
            "embedding_models": [{"name": name, "dimension": dimension} for name, dimension in _MODELS.items()],
            "indexing_algorithms": _ALGORITHMS,
            "search_metrics": _METRICS,
        }

    @answers("GET", _DOCUMENTS, f"{_DOCUMENTS}/")
    async def documents(self, request: Request) -> list[Shape]:
        """Answer with all of them in a bare array, the oldest first."""
        store = self._store(request)
        return [store_document(document, store, self.variants) for document in self.library.page(store.scope)]

    @answers("POST", f"{_DOCUMENTS}/create")
    async def add(self, request: Request) -> JSONResponse:
        """Add a text, which is kept as it came."""
        store = self._store(request)
        fields = await read_json(request, _Document)
        document = self.library.add(store.shelf, integration_type="vector_store", **fields.model_dump())
        return JSONResponse(store_document(document, store, self.variants), status_code=201)

    @answers("GET", f"{_DOCUMENTS}/search")
    async def search(self, request: Request) -> Shape:
        """Search once."""
        store = self._store(request)
        fields = read_query(request, _Search)
        matches = self.library.search(store.scope, **fields.model_dump(exclude={"threshold"}))
        return store_search_reply(_near(matches, fields.threshold), store)

    @answers("POST", f"{_DOCUMENTS}/agentic_search")
    async def agentic_search(self, request: Request) -> Shape:
        """Search in rounds; the extra members are those of the search of documents."""
        store = self._store(request)
        fields = await read_json(request, _AgenticSearch)
        matches, rounds = search_in_rounds(self.library, store.scope, **fields.model_dump())
        return store_search_reply(matches, store) | told(matches, rounds)

    @answers("GET", _DOCUMENT, f"{_DOCUMENT}/")
    async def document(self, request: Request) -> Shape:
        """Answer with one."""
        store = self._store(request)
        return store_document(found(self.library.document(store.scope, id_in(request))), store, self.variants)

    @answers("PATCH", f"{_DOCUMENT}/")
    async def rename(self, request: Request) -> Shape:
        """Change the name, which is all that can change, whatever else the body holds."""
        store = self._store(request)
        fields = await read_json(request, Named)
        document = found(self.library.rename(store.scope, id_in(request), fields.name))
        return store_document(document, store, self.variants)

    @answers("DELETE", f"{_DOCUMENT}/")
    async def remove(self, request: Request) -> Response:
        """Remove one."""
        found(self.library.remove(self._store(request).scope, id_in(request)))
        return Response(status_code=204)

    @answers("POST", f"{_DOCUMENTS}/upload")
    async def upload(self, request: Request) -> JSONResponse:
        """Take files (§6.7): answer 201, or 207 when some were refused.

        When all were, the answer is their error: 413, 415 or 400; for different reasons it is 400.
        """
        store = self._store(request)
        kept: list[Shape] = []
        refused: list[tuple[str, Refusal]] = []
        async with uploaded_files(request, self.config) as files:
            for file in files:
                name = _name_of(file)
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

    def _store(self, request: Request) -> VectorStore:
        """Give the store of the key and the path, or refuse; whether another store exists is not said."""
        store = self.services.store(request)
        if store.id != request.path_params["store_id"]:
            refusals = {401: invalid_api_key(), 403: permission_denied(), 404: not_found()}
            raise refusals[self.variants.foreign_store_status]
        return store

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


def _name_of(file: UploadFile) -> str:
    """Give the name of a file without its folders. No reply can carry half a character, as a name in UTF-7 can."""
    whole = (file.filename or "").encode(errors="replace").decode()
    return PurePosixPath(whole.replace("\\", "/")).name[-255:]


def _summary(store: VectorStore) -> Shape:
    created = iso(store.created_at)
    return {
        "id": store.id,
        "name": store.name,
        "description": store.description,
        "created": created,
        "modified": created,
    }


def _near(matches: list[Match], threshold: float) -> list[Match]:
    """Keep what is at least so near as this part of the best match's nearness; a search by words has no fixed scale."""
    best = max((1 - match.distance for match in matches), default=0)
    return [match for match in matches if 1 - match.distance >= threshold * best]
