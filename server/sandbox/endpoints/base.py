"""What the families of endpoints share: how a method says which calls it answers, and what happens to its answer."""

from collections.abc import Awaitable, Callable, Iterator
from typing import Any, TypeVar

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ..data.refusals import not_found
from .services import Services

Found = TypeVar("Found")
Handler = TypeVar("Handler", bound=Callable[..., Awaitable[object]])

_LARGEST_ID = 2**63 - 1  # SQLite knows no larger number


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
        handler.answers = [(method, path) for path in paths]  # type: ignore[attr-defined]
        return handler

    return mark


def found(thing: Found | None) -> Found:
    """Give what was looked for.

    Raises:
        Refusal: 404, it is None.
    """
    if thing is None:
        raise not_found()
    return thing


def id_in(request: Request) -> int:
    """Give the id in the path, or 0, which nothing has, for one beyond what the database can hold."""
    number: int = request.path_params["id"]
    return number if number <= _LARGEST_ID else 0


def _in_json(handler: Callable[[Request], Awaitable[Any]]) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        content = await handler(request)
        return content if isinstance(content, Response) else JSONResponse(content)

    return answer
