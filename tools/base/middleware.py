"""What surrounds each request: its services and its time with Rememberizer, and the ids of links in its result."""

import secrets
from contextvars import ContextVar
from typing import Any

from mcp.server.context import CallNext, HandlerResult, ServerRequestContext

from ...server.api.budget import budget
from .services import Services

_current: ContextVar[Services] = ContextVar("services of this request")


async def as_one_call(ctx: ServerRequestContext[Any, Any], call_next: CallNext) -> HandlerResult:
    """Give each request its services and its time with Rememberizer, and renew no sign-in twice for it."""
    services: Services = ctx.lifespan_context
    token = _current.set(services)
    try:
        with budget(services.settings.timeout_seconds):
            return await call_next(ctx)
    finally:
        _current.reset(token)


def current_services() -> Services:
    """The services of the request that is answered.

    Completion, and resources whose address has no variables, get no context of the SDK; to ask one takes 19 µs.

    Raises:
        LookupError: No request is answered.
    """
    return _current.get()


async def add_elicitation_ids(ctx: ServerRequestContext[Any, Any], call_next: CallNext) -> HandlerResult:
    """Give each link that the client is asked to open an id of its own: 2026-07-28 dropped it, and hosts still need it.

    GitHub Copilot CLI 1.0.102 speaks 2026-07-28 and declares ``url``, but can't read a link without ``elicitationId``:
    the model gets a parser's dump, and no browser is opened. Claude Code 2.1.332 takes links with and without it (tried
    in November 2026). No client says which kind it is, so every client gets the id.

    The SDK removes from a result what the revision doesn't name, so a middleware adds the id after that. Nothing refers
    to the id later: 2026-07-28 has no notice of completion.
    """
    result = await call_next(ctx)
    questions = result.get("inputRequests", {}) if isinstance(result, dict) else {}
    for question in questions.values():
        asked = question.get("params", {})  # a question for roots has none
        if asked.get("mode") == "url":
            asked["elicitationId"] = secrets.token_urlsafe(16)
    return result
