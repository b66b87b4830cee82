"""Both searches of a vector store (rememberizer-api.md §6.10 and §6.11). They find words, not meanings."""

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from ..data.agentic import Question, search_in_rounds, told
from ..data.documents import Match
from ..data.readers import Reader
from ..wire.forms import Form, read_form
from ..wire.store_shapes import store_search_reply
from .services import Services
from .vector_stores import store_of

_QUERY_MAX = 10_000
_RESULTS, _AGENTIC_RESULTS, _MOST_RESULTS = 10, 5, 100
_MOST_AROUND = 20
_THRESHOLD = 0.7


def routes(services: Services) -> list[Route]:
    """Give the routes of this family."""
    endpoints = StoreSearchEndpoints(services)
    return [
        Route("/vector-stores/{store_id}/documents/search", endpoints.search, methods=["GET"]),
        Route("/vector-stores/{store_id}/documents/agentic_search", endpoints.agentic_search, methods=["POST"]),
    ]


class StoreSearchEndpoints:
    """Searches the vector store that the path and the API key name."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._library = services.library

    async def search(self, request: Request) -> JSONResponse:
        """Answer `GET …/documents/search`."""
        store = store_of(self._services, request)
        form = Form(request.query_params)
        query = form.text("q", max_length=_QUERY_MAX)
        limit = form.integer("n", default=_RESULTS, least=1, most=_MOST_RESULTS)
        threshold = form.number("t", default=_THRESHOLD, least=0, most=1)
        previous = form.integer("prev_chunks", default=0, least=0, most=_MOST_AROUND)
        following = form.integer("next_chunks", default=0, least=0, most=_MOST_AROUND)
        form.finish()
        matches = self._library.search((store.shelf,), query, limit=limit, previous=previous, following=following)
        return JSONResponse(store_search_reply(_near(matches, threshold), store))

    async def agentic_search(self, request: Request) -> JSONResponse:
        """Answer `POST …/documents/agentic_search`; the extra members are those of the search of documents."""
        store = store_of(self._services, request)
        form = await read_form(request)
        question = Question(
            query=form.text("query", max_length=_QUERY_MAX),
            limit=form.integer("n_chunks", default=_AGENTIC_RESULTS, least=1, most=_MOST_RESULTS),
            context=form.optional_text("user_context", max_length=_QUERY_MAX),
            after=None,
            before=None,
        )
        form.finish()
        account = self._services.accounts.by_id(store.account_id)
        in_store = Reader(account=account, shelves=(store.shelf,), only=None)
        matches, rounds = search_in_rounds(self._library, in_store, question)
        return JSONResponse(store_search_reply(matches, store) | told(matches, rounds))


def _near(matches: list[Match], threshold: float) -> list[Match]:
    """Leave out what is further than the threshold allows.

    The distances of a search by words have no fixed scale, so the threshold is a part of the best match's nearness: 1
    keeps what is as near as the best, 0 keeps all.
    """
    best = max((1 - match.distance for match in matches), default=0)
    return [match for match in matches if 1 - match.distance >= threshold * best]
