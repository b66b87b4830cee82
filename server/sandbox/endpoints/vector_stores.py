"""`vector-stores/`: making a store, and what there is to know of it (rememberizer-api.md §6.1 to §6.3)."""

from typing import Annotated

from pydantic import Field
from starlette.requests import Request
from starlette.responses import JSONResponse

from ..data.refusals import invalid_api_key, not_found, permission_denied
from ..data.vector_stores import VectorStore
from ..wire.forms import GIVEN, Named, Text, one_of, read_json
from ..wire.shapes import Shape, iso
from .base import Endpoints, answers

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


class _Store(Named):
    description: Annotated[Text, Field(max_length=2000), GIVEN] = ""
    embedding_model: Annotated[str, one_of(_MODELS), GIVEN] = "openai/text-embedding-3-small"
    indexing_algorithm: Annotated[str, one_of((*_ALGORITHMS, *_GUIDE_ALGORITHMS)), GIVEN] = "ivfflat"
    vector_dimension: Annotated[int, Field(ge=1, le=2000), GIVEN] = 1536
    search_metric: Annotated[str, one_of((*_METRICS, *_GUIDE_METRICS)), GIVEN] = "cosine_distance"


class StoreEndpoints(Endpoints):
    """What is for the vector store that the path and the API key both name."""

    def store(self, request: Request) -> VectorStore:
        """Give the store; whether another one exists is not said.

        Raises:
            Refusal: 401, there is no key, or it is no store's; the variant's status when it is another store's.
        """
        store = self.services.store(request)
        if store.id != request.path_params["store_id"]:
            refusals = {401: invalid_api_key(), 403: permission_denied(), 404: not_found()}
            raise refusals[self.variants.foreign_store_status]
        return store


class VectorStoreEndpoints(Endpoints):
    """Makes vector stores and tells of them."""

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


def _summary(store: VectorStore) -> Shape:
    created = iso(store.created_at)
    return {
        "id": store.id,
        "name": store.name,
        "description": store.description,
        "created": created,
        "modified": created,
    }
