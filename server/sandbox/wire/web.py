"""A Starlette application whose refusals look like Django REST Framework's."""

from collections.abc import Mapping, Sequence

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute

from ..config import ErrorShape
from ..data.refusals import InvalidFields, Refusal, not_found


def web_app(routes: Sequence[BaseRoute], *, error_shape: ErrorShape = "detail") -> Starlette:
    """Make an application that matches paths exactly, trailing slash included, and answers errors in JSON."""

    async def answer(request: Request, error: Exception) -> Response:
        refusal = _refusal_of(request, error)
        return JSONResponse(_body_of(refusal, error_shape), status_code=refusal.status, headers=refusal.headers)

    app = Starlette(routes=routes, exception_handlers=dict.fromkeys((Refusal, 404, 405, Exception), answer))
    app.router.redirect_slashes = False
    return app


def _refusal_of(request: Request, error: Exception) -> Refusal:
    match error:
        case Refusal():
            return error
        case HTTPException(status_code=404):
            return not_found()
        case HTTPException():
            detail = f'Method "{request.method}" not allowed.'
            return Refusal(405, "method_not_allowed", detail, headers=error.headers)
    return Refusal(500, "error", "The sandbox failed; the terminal it runs in has the details.")


def _body_of(refusal: Refusal, shape: ErrorShape) -> Mapping[str, object]:
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
