"""What the families of endpoints share: how a method says which calls it answers, and what happens to its answer."""

from collections.abc import Awaitable, Callable, Iterator
from typing import Any, TypeVar

from starlette.convertors import IntegerConvertor, register_url_convertor
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ..data.refusals import not_found
from .services import Services

Found = TypeVar("Found")
Handler = TypeVar("Handler", bound=Callable[..., Awaitable[object]])


class _IdConvertor(IntegerConvertor):
    """An id in a path. SQLite knows no number of more than 19 digits, and Python reads none of more than 4300."""

    regex = "[0-9]{1,18}"


register_url_convertor("id", _IdConvertor())


class Endpoints:
    """One family of endpoints: its methods that are marked by `answers`, in their order."""

    def __init__(self, services: Services) -> None:
        self.services = services
        self.config = services.config
        self.variants = services.config.variants
        self.library = services.library

    def routes(self) -> Iterator[Route]:
        """Give the routes, with paths below `/api/v1`."""
        for name, handler in vars(type(self)).items():
            for method, path in getattr(handler, "answers", ()):
                yield Route(path, _in_json(getattr(self, name)), methods=[method])


def answers(method: str, *paths: str) -> Callable[[Handler], Handler]:
    """Mark the method of a family that answers these calls; of two paths the documented one comes first.

    It gets the request, and returns a response, or what the body of a 200 holds in JSON.
    """

    def mark(handler: Handler) -> Handler:
        handler.answers = [(method, path) for path in paths]  # type: ignore[attr-defined]  # functions hold what is set on them
        return handler

    return mark


def found(thing: Found | None) -> Found:
    """Give what was looked for, or refuse with a 404 if it is None."""
    if thing is None:
        raise not_found()
    return thing


def id_in(request: Request) -> int:
    """Give the id in the path."""
    number: int = request.path_params["id"]
    return number


def _in_json(handler: Callable[[Request], Awaitable[Any]]) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        content = await handler(request)
        return content if isinstance(content, Response) else JSONResponse(content)

    return answer
