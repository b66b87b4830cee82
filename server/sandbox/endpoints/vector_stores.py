"""`vector-stores/`: making a store, and what there is to know of it (rememberizer-api.md §6.1 to §6.3)."""

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from ..data.refusals import foreign_store
from ..data.vector_stores import Design, VectorStore
from ..wire.forms import read_form
from ..wire.times import iso
from .services import Services

_NAME_MAX, _DESCRIPTION_MAX = 255, 2000
_MODELS = {
    "openai/text-embedding-3-small": 1536,
    "openai/text-embedding-3-large": 1536,
    "sentence-transformers/all-mpnet-base-v2": 768,
}
_ALGORITHMS = ("ivfflat", "hnsw")
_METRICS = ("cosine_distance", "inner_product", "l2_distance")
_DIMENSION, _MOST_DIMENSIONS = 1536, 2000
_GUIDE_ALGORITHMS = tuple(name.upper() for name in _ALGORITHMS)
_GUIDE_METRICS = ("cosine", "ip", "l2")
"""Another page of the documentation has these names."""


def routes(services: Services) -> list[Route]:
    """Give the routes of this family; of two paths for one call the documented one comes first."""
    endpoints = VectorStoreEndpoints(services)
    return [
        Route("/vector-stores/me", endpoints.me, methods=["GET"]),
        Route("/vector-stores/me/", endpoints.me, methods=["GET"]),
        Route("/vector-stores/", endpoints.create, methods=["POST"]),
        Route("/vector-stores/configs", endpoints.configs, methods=["GET"]),
    ]


def store_of(services: Services, request: Request) -> VectorStore:
    """Give the store that the path and the API key both name.

    Raises:
        Refusal: 401, there is no key, or it is no store's; the variant's status when it is another store's.
    """
    store = services.authenticate_store(request)
    if store.id != request.path_params["store_id"]:
        raise foreign_store(services.config.variants.foreign_store_status)
    return store


class VectorStoreEndpoints:
    """Makes vector stores and tells of them."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def me(self, request: Request) -> JSONResponse:
        """Answer `GET vector-stores/me`: the store that the API key belongs to."""
        store = self._services.authenticate_store(request)
        return JSONResponse(
            {
                **_summary(store),
                "embedding_model": store.design.embedding_model,
                "indexing_algorithm": store.design.indexing_algorithm,
                "vector_dimension": store.design.vector_dimension,
                "search_metric": store.design.search_metric,
            }
        )

    async def create(self, request: Request) -> JSONResponse:
        """Answer `POST vector-stores/`, for a session. The store's key is on the outbox page, not in the reply."""
        owner = self._services.authenticate_owner(request)
        form = await read_form(request)
        name = form.text("name", max_length=_NAME_MAX)
        description = form.optional_text("description", max_length=_DESCRIPTION_MAX)
        design = Design(
            embedding_model=form.choice("embedding_model", tuple(_MODELS)) or next(iter(_MODELS)),
            indexing_algorithm=form.choice("indexing_algorithm", (*_ALGORITHMS, *_GUIDE_ALGORITHMS)) or _ALGORITHMS[0],
            vector_dimension=form.integer("vector_dimension", default=_DIMENSION, least=1, most=_MOST_DIMENSIONS),
            search_metric=form.choice("search_metric", (*_METRICS, *_GUIDE_METRICS)) or _METRICS[0],
        )
        form.finish()
        store = self._services.vector_stores.create(owner.account.id, name=name, description=description, design=design)
        return JSONResponse(_summary(store), status_code=self._services.config.variants.store_created)

    async def configs(self, request: Request) -> JSONResponse:
        """Answer `GET vector-stores/configs`, for a session or the key of any store."""
        if "x-api-key" in request.headers:
            self._services.authenticate_store(request)
        else:
            self._services.authenticate(request)
        return JSONResponse(
            {
                "embedding_models": [{"name": name, "dimension": dimension} for name, dimension in _MODELS.items()],
                "indexing_algorithms": _ALGORITHMS,
                "search_metrics": _METRICS,
            }
        )


def _summary(store: VectorStore) -> dict[str, object]:
    return {
        "id": store.id,
        "name": store.name,
        "description": store.description,
        "created": iso(store.created_at),
        "modified": iso(store.created_at),
    }
