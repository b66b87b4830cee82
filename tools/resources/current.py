"""The request that is being answered: its services, and that all it does is one call of limited time.

The services are for what the SDK calls without a context: completion, and resources whose address has no variables.
"""

from contextvars import ContextVar
from typing import Any

from mcp.server.context import CallNext, HandlerResult, ServerRequestContext

from ...server.api.budget import budget
from ...server.sessions.flight import one_call
from ..base.services import Services

_current: ContextVar[Services] = ContextVar("services of this request")


async def as_one_call(ctx: ServerRequestContext[Any, Any], call_next: CallNext) -> HandlerResult:
    """Middleware for each request: its services, its time with Rememberizer, and no sign-in renewed twice for it."""
    services: Services = ctx.lifespan_context
    token = _current.set(services)
    try:
        with one_call(), budget(services.settings.timeout_seconds):
            return await call_next(ctx)
    finally:
        _current.reset(token)


def current_services() -> Services:
    """The services of the request that is being answered.

    Raises:
        LookupError: None is.
    """
    return _current.get()
