"""A Starlette application whose refusals look like Django REST Framework's."""

from collections.abc import Mapping, Sequence
from typing import cast

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute

from ..config import ErrorShape
from ..data.refusals import InvalidFields, Refusal, not_found


def web_app(routes: Sequence[BaseRoute], *, error_shape: ErrorShape = "detail") -> Starlette:
    """Make an application that matches paths exactly, trailing slash included, and answers errors in JSON."""

    def answer(refusal: Refusal) -> JSONResponse:
        return JSONResponse(body_of(refusal, error_shape), status_code=refusal.status, headers=refusal.headers)

    async def refused(_: Request, error: Exception) -> Response:
        return answer(cast("Refusal", error))

    async def missing(_: Request, __: Exception) -> Response:
        return answer(not_found())

    async def not_allowed(request: Request, error: Exception) -> Response:
        detail = f'Method "{request.method}" not allowed.'
        return answer(Refusal(405, "method_not_allowed", detail, headers=getattr(error, "headers", None)))

    async def failed(_: Request, __: Exception) -> Response:
        return answer(Refusal(500, "error", "The sandbox failed; the terminal it runs in has the details."))

    app = Starlette(
        routes=routes,
        exception_handlers={Refusal: refused, 404: missing, 405: not_allowed, Exception: failed},
    )
    app.router.redirect_slashes = False
    return app


def body_of(refusal: Refusal, shape: ErrorShape) -> Mapping[str, object]:
    """Give the JSON body of a refusal in one of the four shapes."""
    fields = refusal.fields if isinstance(refusal, InvalidFields) else {}
    lines = [f"{name}: {text}" for name, texts in fields.items() for text in texts] or [refusal.detail]
    match shape:
        case "envelope":
            return {"data": None, "message": " ".join(lines), "code": refusal.code}
        case "non_field_errors":
            return {"non_field_errors": lines}
        case "fields" if refusal.field:
            return {refusal.field: [refusal.detail]}
    return fields or {"detail": refusal.detail}
