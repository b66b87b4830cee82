"""Both searches of documents (rememberizer-api.md §4.1 and §4.2). They find words, not meanings."""

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from ..data.agentic import Question, search_in_rounds, told
from ..wire.forms import Form, read_form
from ..wire.shapes import search_reply
from .services import Services

_MOST_WORDS = 400
_QUERY_MAX = 10_000
_RESULTS, _AGENTIC_RESULTS, _MOST_RESULTS = 3, 5, 100
_AROUND, _MOST_AROUND = 2, 20


def routes(services: Services) -> list[Route]:
    """Give the routes of this family."""
    endpoints = SearchEndpoints(services)
    return [
        Route("/documents/search/", endpoints.search, methods=["GET"]),
        Route("/documents/agentic_search/", endpoints.agentic_search, methods=["POST"]),
    ]


class SearchEndpoints:
    """Searches documents."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._library = services.library
        self._variants = services.config.variants

    async def search(self, request: Request) -> JSONResponse:
        """Answer `GET documents/search/`. Without `return_full_content` a hit comes without the chunks around it."""
        reader = self._services.authenticate_reader(request)
        form = Form(request.query_params)
        query = _query(form, "q")
        limit = form.integer("n", default=_RESULTS, least=1, most=_MOST_RESULTS)
        previous = form.integer("prev_chunks", default=_AROUND, least=0, most=_MOST_AROUND)
        following = form.integer("next_chunks", default=_AROUND, least=0, most=_MOST_AROUND)
        after, before = form.moment("from"), form.moment("to")
        is_full = form.switch("return_full_content", default=True)
        form.finish()
        matches = self._library.search(
            reader.shelves,
            query,
            limit=limit,
            after=after,
            before=before,
            only=reader.only,
            previous=previous if is_full else 0,
            following=following if is_full else 0,
        )
        return JSONResponse(search_reply(matches, self._variants))

    async def agentic_search(self, request: Request) -> JSONResponse:
        """Answer `POST documents/agentic_search/`; `metadata.iterations` says what was searched for."""
        reader = self._services.authenticate_reader(request)
        form = await read_form(request)
        question = Question(
            query=_query(form, "query"),
            limit=form.integer("n_chunks", default=_AGENTIC_RESULTS, least=1, most=_MOST_RESULTS),
            context=form.optional_text("user_context", max_length=_QUERY_MAX),
            after=form.moment("from"),
            before=form.moment("to"),
        )
        form.finish()
        matches, rounds = search_in_rounds(self._library, reader, question)
        return JSONResponse(search_reply(matches, self._variants) | told(matches, rounds))


def _query(form: Form, name: str) -> str:
    query = form.text(name, max_length=_QUERY_MAX)
    form.require(name, len(query.split()) <= _MOST_WORDS, f"Ensure this field has no more than {_MOST_WORDS} words.")
    return query
