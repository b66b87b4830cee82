"""The ``elicitationId`` of links on 2026-07-28: that revision dropped it, and hosts still ask for it.

GitHub Copilot CLI 1.0.102 speaks 2026-07-28 and declares ``url``, but can't read a link without the id: the model
gets a parser's dump, and no browser is opened. Claude Code 2.1.332 takes links with and without it (tried in
November 2026). No client says which kind it is, so every client gets the id.

The SDK removes from a result what the revision doesn't name, so a middleware adds the id after that. Nothing refers
to the id later: 2026-07-28 has no notice of completion.
"""

import secrets
from typing import Any

from mcp.server.context import CallNext, HandlerResult, ServerRequestContext


async def add_elicitation_ids(ctx: ServerRequestContext[Any, Any], call_next: CallNext) -> HandlerResult:
    """Middleware: give each link that the client is asked to open an id of its own."""
    result = await call_next(ctx)
    questions = result.get("inputRequests", {}) if isinstance(result, dict) else {}
    for question in questions.values():
        if question["params"].get("mode") == "url":
            question["params"]["elicitationId"] = secrets.token_urlsafe(16)
    return result
