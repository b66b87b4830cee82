"""The resources: documents and discussions by template, and the session.

Documents are found by tool and by completion; none of them is listed.
"""

import logging
from collections.abc import Awaitable
from typing import Any

from mcp.server.mcpserver import Context, MCPServer
from mcp_types import InputRequiredResult

from ...server.api import endpoints
from ...server.api.discussions import Source
from ...server.errors import InternalError, InvalidArguments, RememberizerError
from ...server.settings.settings import Settings
from ..auth.toolset import status_now
from ..base.arguments import as_listed
from ..base.asking import asker
from ..base.caller import InputNeeded
from ..base.contract import protocol_error
from ..base.services import CallServices, Services
from ..base.without_auth import fitting
from .current import current_services
from .whole import discussion_as_text, document_as_text

DOCUMENT = "rememberizer://documents/{id}"
DISCUSSION = "rememberizer://discussions/{source}/{id}"
SESSION = "rememberizer://session"
SOURCES: tuple[Source, ...] = ("discord", "slack")
MOST_DIGITS = 18

logger = logging.getLogger(__name__)


async def document(id: str, context: Context[Services, Any]) -> str | InputRequiredResult:  # noqa: A002 -- the template's word
    """The text of one of the user's documents, by its number."""
    services = _for_call(context)
    return await _answer(services, _document(services, id))


async def discussion(source: str, id: str, context: Context[Services, Any]) -> str | InputRequiredResult:  # noqa: A002 -- as above
    """What was said in a Slack or Discord channel in the last seven days, by the number of the channel's document."""
    services = _for_call(context)
    return await _answer(services, _discussion(services, source, id))


async def session() -> str:
    """Who is signed in, in which state, and what to do next."""
    return (await status_now(current_services(), None)).model_dump_json()


def add_resources(server: MCPServer[Services], settings: Settings) -> None:
    """Register those that the toolsets of these settings give access to."""
    if "auth" in settings.toolsets:
        server.resource(SESSION, title="Rememberizer session", mime_type="application/json")(session)
    if "knowledge" in settings.toolsets:
        server.resource(DOCUMENT, title="A document in Rememberizer", mime_type="text/plain")(document)
        server.resource(DISCUSSION, title="A channel in Rememberizer", mime_type="text/plain")(discussion)


def _for_call(context: Context[Services, Any]) -> CallServices:
    return context.request_context.lifespan_context.for_call(context, writes=False)


async def _document(services: CallServices, number: str) -> str:
    document_id = _whole_number(number)
    who = await asker(services, None, endpoints.DOCUMENT_CONTENTS)
    return await document_as_text(who, document_id, deadline=services.deadline())


async def _discussion(services: CallServices, source: str, number: str) -> str:
    known = next((each for each in SOURCES if each == as_listed(source, SOURCES)), None)
    if known is None:
        raise InvalidArguments("A discussion's source is `slack` or `discord`.")
    discussion_id = _whole_number(number)
    who = await asker(services, None, endpoints.DISCUSSION_CONTENTS)
    return await discussion_as_text(who, discussion_id, source=known, deadline=services.deadline())


def _whole_number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS):
        raise InvalidArguments("A document's id is a whole number, as `search` and `list_documents` give it.")
    return int(text)


async def _answer(services: CallServices, work: Awaitable[str]) -> str | InputRequiredResult:
    """Our errors become the protocol's, with our code and hint in ``data``."""
    try:
        return await work
    except InputNeeded as question:
        return question.result
    except RememberizerError as error:
        logger.info("a resource failed: %s", error.code)
        raise protocol_error(fitting(error, services.settings)) from error
    except Exception as error:
        logger.exception("a resource crashed")
        raise protocol_error(InternalError()) from error
