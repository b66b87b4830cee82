"""The toolset ``knowledge``: search, read and add to what is stored, and see whose and from where it is.

The docstring of each body is the description that a model reads.
"""

from datetime import UTC, datetime, timedelta

from ...server.api import discussions, documents, sources
from ...server.api import search as searches
from ...server.api.text import clean
from ...server.errors import InvalidArguments, NotFound, repaired
from ...server.settings.settings import Settings
from ..base.arguments import Arguments
from ..base.call import ToolCall
from ..base.contract import ADDS, READS, ContractTool, tool
from . import findings, reading
from .arguments import (
    ListDocumentsArguments,
    ReadDiscussionArguments,
    ReadDocumentArguments,
    RememberArguments,
    SearchArguments,
    SmartSearchArguments,
)
from .results import (
    AccountDetails,
    DiscussionText,
    DocumentList,
    DocumentText,
    Remembered,
    SearchResult,
    SmartSearchResult,
    SourceList,
)

MOST_WORDS = 400
DISCUSSION_DAYS = timedelta(days=7)
"""How far back upstream goes by itself (rememberizer-api.md §4.5)."""
NO_SUCH_CHANNEL = "Check the id, and that the channel is one of this `source`; it may belong to another account."
FINDABLE_SOON = "Stored. It is searchable once it is indexed: `search` finds it in a moment."


async def search(call: ToolCall, arguments: SearchArguments) -> SearchResult:
    """Search the user's own knowledge in Rememberizer (documents, mail, chats, memories) by meaning. Use it first when
    the user asks about something of theirs. Dates limit the documents' time. Then `read_document`, or `read_discussion`
    for Slack and Discord, with a match's `id`.
    """
    _require_words(arguments.query)
    _require_order(arguments.after, arguments.before)
    found = await searches.search(call, **arguments.given)
    return findings.search_result(found)


async def smart_search(call: ToolCall, arguments: SmartSearchArguments) -> SmartSearchResult:
    """Let a model at Rememberizer rewrite the query, search several times and sum up. Slow (up to 45 s): for vague or
    many-sided questions, or when `search` found too little.
    """
    _require_words(arguments.query)
    _require_order(arguments.after, arguments.before)
    found = await searches.agentic_search(call, **arguments.given)
    return findings.smart_search_result(found)


async def list_documents(call: ToolCall, arguments: ListDocumentsArguments) -> DocumentList:
    """List stored documents page by page, when asked what there is; to find something use `search`. Go on with
    `next_page` and the returned `page_size`.
    """
    page = await documents.list_documents(call, **arguments.given)
    return findings.document_list(page, number=arguments.page, size=arguments.page_size)


async def read_document(call: ToolCall, arguments: ReadDocumentArguments) -> DocumentText:
    """Read a document's text, about 20 chunks a call. Go on with `start_chunk` = `next_chunk` until that is null; a
    chunk may come twice.
    """
    return await reading.document_text(call, arguments.id, start_chunk=arguments.start_chunk)


async def read_discussion(call: ToolCall, arguments: ReadDiscussionArguments) -> DiscussionText:
    """Read the messages and threads of a Slack or Discord channel from `start` (older) to `end`; without both, the last
    seven days. `id` is that of the channel's document.
    """
    start, end = _both_ends(arguments.start, arguments.end, now=datetime.fromtimestamp(call.now(), tz=UTC))
    _require_order(start, end)
    with repaired({NotFound: NO_SUCH_CHANNEL}):
        said = await discussions.discussion_contents(call, arguments.id, source=arguments.source, start=start, end=end)
    return reading.discussion_text(said, discussion_id=arguments.id, source=arguments.source)


async def remember(call: ToolCall, arguments: RememberArguments) -> Remembered:
    """Store a text in the user's knowledge, when they ask for it or agreed. No secrets. `search` finds it in a moment.
    If it fails, search before trying again: it may be stored.
    """
    stored = await documents.memorize(call, name=arguments.name, content=arguments.content)
    return Remembered(account=call.account, id=stored.id, next=FINDABLE_SOON)


async def account(call: ToolCall, _: Arguments) -> AccountDetails:
    """Whose knowledge the tools see, what it is about, and the quota."""
    return findings.account_details(await sources.profile(call))


async def list_sources(call: ToolCall, _: Arguments) -> SourceList:
    """List the connected sources (Drive, Slack and so on) and how many documents of each are indexed. Use it when a
    search finds nothing.
    """
    return findings.source_list(await sources.integrations(call))


def toolset(_: Settings) -> list[ContractTool]:
    """The eight tools, in the order in which they are listed."""
    return [
        tool(search, "Search the user's knowledge", READS),
        tool(smart_search, "Search with a model's help", READS),
        tool(list_documents, "List documents", READS),
        tool(read_document, "Read a document", READS),
        tool(read_discussion, "Read a Slack or Discord channel", READS),
        tool(remember, "Remember a text", ADDS),
        tool(account, "Whose knowledge it is", READS),
        tool(list_sources, "List connected sources", READS),
    ]


def _require_words(query: str) -> None:
    """Upstream takes up to 400 words (rememberizer-api.md §4.1)."""
    count = len(clean(query).split())
    if not 0 < count <= MOST_WORDS:
        raise InvalidArguments(
            f"`query` has {count} words; it must have 1 to {MOST_WORDS}.",
            repair="Ask in a sentence or two, or in several calls.",
        )


def _both_ends(
    start: datetime | None, end: datetime | None, *, now: datetime
) -> tuple[datetime | None, datetime | None]:
    """Both ends of a time or neither, since which one upstream means by a single one is not known (§4.5)."""
    if start is None and end is None:
        return None, None
    return start or (end or now) - DISCUSSION_DAYS, end or now


def _require_order(older: datetime | None, newer: datetime | None) -> None:
    if older and newer and older >= newer:
        raise InvalidArguments(
            "The time range is empty, or ends before it begins.",
            repair="A date means its start: for one day, the later one is the next day.",
        )
