"""Completion for the resource templates: documents whose number begins as typed, or whose name holds it.

It is empty when nobody is signed in, and when upstream fails: nobody is asked to sign in for a suggestion.
"""

import logging
from collections.abc import Sequence

import anyio
from mcp_types import Completion, CompletionArgument, CompletionContext, PromptReference, ResourceTemplateReference

from ..server.api.asking import Asker
from ..server.api.documents import Document, list_documents
from ..server.errors import RememberizerError
from .asking import ready_asker
from .current import current_services
from .resources import DISCUSSION, DOCUMENT, SOURCES

LOOKED_AT = 100
"""Documents: the first that upstream lists."""
MOST_VALUES = 100
"""What the protocol lets a completion hold."""
SECONDS = 5.0

logger = logging.getLogger(__name__)


async def complete(
    reference: PromptReference | ResourceTemplateReference,
    argument: CompletionArgument,
    context: CompletionContext | None,
) -> Completion | None:
    """The values that an argument of a template can have; ``None`` for any other."""
    match getattr(reference, "uri", None), argument.name:
        case str() as uri, "source" if uri == DISCUSSION:
            return _completion([name for name in SOURCES if name.startswith(argument.value.casefold())])
        case str() as uri, "id" if uri == DISCUSSION:
            source = ((context and context.arguments) or {}).get("source")
            return await _documents(argument.value, [source] if source in SOURCES else list(SOURCES))
        case str() as uri, "id" if uri == DOCUMENT:
            return await _documents(argument.value, [None])
        case _:
            return None


async def _documents(typed: str, sources: Sequence[str | None]) -> Completion:
    """The numbers of documents that begin with what was typed, or whose names hold it."""
    services, deadline = current_services(), anyio.current_time() + SECONDS
    try:
        who = await ready_asker(services, deadline=deadline)
        found = [each for source in sources for each in await _some(who, source, deadline=deadline)] if who else []
    except RememberizerError as error:
        logger.info("nothing to complete with: %s", error.code)
        found = []
    wanted = typed.casefold()
    return _completion(
        [str(each.id) for each in found if str(each.id).startswith(typed) or wanted in each.name.casefold()]
    )


async def _some(who: Asker, source: str | None, *, deadline: float) -> list[Document]:
    page = await list_documents(who, page=1, page_size=LOOKED_AT, source=source, deadline=deadline)
    return page.documents


def _completion(values: list[str]) -> Completion:
    return Completion(values=values[:MOST_VALUES], total=len(values), has_more=len(values) > MOST_VALUES)
