"""Completion for the resource templates: documents whose number begins as typed, or that a search finds.

It is empty when nobody is signed in, and when upstream fails: nobody is asked to sign in for a suggestion.
"""

import logging
from collections.abc import Iterable, Sequence

from mcp_types import Completion, CompletionArgument, CompletionContext, PromptReference, ResourceTemplateReference

from ...server.api.budget import budget
from ...server.api.client import Asker
from ...server.api.documents import Document, list_documents
from ...server.api.search import search
from ...server.errors import RememberizerError
from ..base.arguments import as_listed
from ..base.middleware import current_services
from ..base.services import Services
from .resources import DISCUSSION, DOCUMENT, SOURCES

LOOKED_AT = 100
"""Documents: the first that upstream lists."""
LOOKED_FOR = 20
"""Matches of a search."""
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
            source = as_listed(((context and context.arguments) or {}).get("source", ""), SOURCES)
            return await _documents(argument.value, [source] if source in SOURCES else list(SOURCES))
        case str() as uri, "id" if uri == DOCUMENT:
            return await _documents(argument.value, [None])
        case _:
            return None


async def _documents(beginning: str, sources: Sequence[str | None]) -> Completion:
    """The numbers of documents that begin with what was typed, or of those that a search by it finds."""
    try:
        with budget(SECONDS):
            return await _asked(beginning, sources)
    except RememberizerError as error:
        logger.info("nothing to complete with: %s", error.code)
        return _completion([])


async def _asked(beginning: str, sources: Sequence[str | None]) -> Completion:
    asker = await _ready(current_services())
    if asker is None:
        return _completion([])
    if beginning and not beginning.isdigit():
        matches = (await search(asker, query=beginning, limit=LOOKED_FOR)).matches
        found = (match.document for match in matches if None in sources or match.document.source in sources)
        return _completion(_numbers(found))
    pages = [await list_documents(asker, page=1, page_size=LOOKED_AT, source=source) for source in sources]
    numbers = _numbers(document for page in pages for document in page.documents)
    wanted = [number for number in numbers if number.startswith(beginning)]
    return _completion(wanted, has_more=not all(page.is_last for page in pages))


async def _ready(services: Services) -> Asker | None:
    """Who can ask for documents at once, by the default session or the API key; nobody is asked to sign in."""
    await services.sessions.catch_up(services.owner)
    session = services.sessions.find(services.owner)
    if session is None or not session.grant.has_account:
        return services.key_without_account
    grant = session.grant
    return grant if await grant.is_usable() else None


def _numbers(documents: Iterable[Document]) -> list[str]:
    """Each once, in order."""
    return list(dict.fromkeys(str(document.id) for document in documents))


def _completion(values: list[str], *, has_more: bool = False) -> Completion:
    return Completion(
        values=values[:MOST_VALUES],
        total=None if has_more else len(values),
        has_more=has_more or len(values) > MOST_VALUES,
    )
