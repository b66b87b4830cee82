"""The toolset ``knowledge``: search, read and add to what is stored, and see whose and from where it is."""

import re
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Annotated, get_args

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from ...server.api import discussions, documents, sources
from ...server.api import search as searches
from ...server.api.answers import LONGEST_LINE
from ...server.api.discussions import Source as DiscussionSource
from ...server.api.documents import DocumentPage
from ...server.api.text import clean
from ...server.errors import InvalidArguments, NotFound, repaired
from ...server.settings.settings import Settings
from ..base.arguments import NO_BLANK, NO_TRUTH, Moment, Name, Number, Query, Text, UserContext, one_of
from ..base.call import ToolCall
from ..base.content import Page, PageSize, Written, if_known
from ..base.contract import ADDS, READS, ContractTool, tool
from . import filtering, findings, reading
from .findings import AccountDetails, DocumentList, SearchResult, SmartSearchResult, SourceList
from .reading import DiscussionText, DocumentText

MOST_WORDS = 400
DISCUSSION_DAYS = timedelta(days=7)
"""How far back upstream goes by itself (rememberizer-api.md §4.5)."""
NO_SUCH_CHANNEL = "Check the id, and that the channel is one of this `source`; it may belong to another account."
FINDABLE_SOON = (
    "Stored. Rememberizer indexes it first, which may take some minutes: until then a search that finds nothing proves "
    "little."
)


LONGEST_MEMORY = 500_000
"""Characters. Upstream's limit is not documented; what takes minutes to index belongs into a file."""
SOURCES = ("google_drive", "slack", "discord", "dropbox", "gmail", "memory", "common_knowledge")
"""Those that the API and the sandbox name (rememberizer-api.md §4.3, §4.5); others may be added."""
SOME_SOURCE = f"{', '.join(SOURCES)} or another"
_SOURCE = r"[\w-]{1,40}"


def _source(value: str) -> str:
    """By ``re``: as a ``pattern`` this bound takes pydantic's engine 25 ms and 3 MiB at every start."""
    if not re.fullmatch(_SOURCE, value):
        raise PydanticCustomError("literal_error", "no source", {"expected": SOME_SOURCE})
    return value


Limit = Annotated[int, Field(ge=1, le=20), NO_TRUTH]
ContextChunks = Annotated[int, Field(ge=0, le=5, description="Chunks around each hit."), NO_TRUTH]
ISO = "ISO 8601, UTC if it names no zone; a date means its start."
UNCLEAR = "Whether created or modified counts, and whether the ends do, is not documented."
Since = Annotated[Moment | None, Field(description=ISO)]
After = Annotated[Moment | None, Field(description=f"{ISO} {UNCLEAR}")]
DocumentSource = Annotated[
    Annotated[Text, one_of(*SOURCES), AfterValidator(_source)] | None, Field(description=f"{SOME_SOURCE}.")
]
ChannelSource = Annotated[DiscussionSource, one_of(*get_args(DiscussionSource))]
LongText = Annotated[Text, Field(min_length=1, max_length=LONGEST_MEMORY), NO_BLANK]
Folder = Annotated[Text, Field(min_length=1, max_length=LONGEST_LINE, description="How their `path` begins.")]


class Remembered(Written):
    id: int | None = if_known("Left out where Rememberizer doesn't tell it, as it seldom does.")
    next: str


async def search(
    call: ToolCall,
    *,
    query: Annotated[Query, Field(description="At most 400 words.")],
    limit: Limit = 5,
    after: After = None,
    before: Moment | None = None,
    context_chunks: ContextChunks = 2,
) -> SearchResult:
    """Search the user's own knowledge in Rememberizer (documents, mail, chats, memories) by meaning. Use it first when
    the user asks about something of theirs. Matches are excerpts: judge by their text, since `distance` has no known
    scale. Where that is not enough, `read_document`, or `read_discussion` for Slack and Discord, takes a match's `id`.
    """
    _require_words(query)
    _require_order(after, before)
    given = {"query": query, "limit": limit, "after": after, "before": before, "context_chunks": context_chunks}
    return findings.search_result(await searches.search(call, **given))


async def smart_search(
    call: ToolCall,
    *,
    query: Query,
    user_context: UserContext = None,
    limit: Limit = 5,
    after: Since = None,
    before: Moment | None = None,
) -> SmartSearchResult:
    """Let a model at Rememberizer rewrite the query, search several times and sum up. Slow (up to 45 s): for vague or
    many-sided questions, or when `search` found too little.
    """
    _require_words(query)
    _require_order(after, before)
    given = {"query": query, "user_context": user_context, "limit": limit, "after": after, "before": before}
    return findings.smart_search_result(await searches.agentic_search(call, **given))


async def list_documents(
    call: ToolCall,
    *,
    page: Page = 1,
    page_size: PageSize = 20,
    source: DocumentSource = None,
    folder: Folder | None = None,
    after: Annotated[Moment | None, Field(description=f"{ISO} Of `created`, included.")] = None,
    before: Annotated[Moment | None, Field(description="Of `created`, not included.")] = None,
) -> DocumentList:
    """List stored documents page by page, in an order that Rememberizer doesn't document, when asked what there is; to
    find something use `search`. Go on with `next_page` and the returned `page_size`. `folder`, `after` and `before`
    choose among up to 10 pages a call.
    """
    _require_order(after, before)
    page_of, wanted = partial(_page, call, page_size, source), filtering.wanted_by(folder, after, before)
    if wanted is not None:
        return await filtering.filtered_list(page_of, wanted, number=page, size=page_size)
    return findings.document_list(await page_of(page), number=page, size=page_size)


async def read_document(call: ToolCall, *, id: Number, start_chunk: Number = 0) -> DocumentText:
    """Read a document's text, about 20 chunks a call; `complete` says that this is all. Go on with `start_chunk` =
    `next_chunk` until that is null; a chunk may come twice.
    """
    return await reading.document_text(call, id, start_chunk=start_chunk)


async def read_discussion(
    call: ToolCall, *, id: Number, source: ChannelSource, start: Since = None, end: Moment | None = None
) -> DiscussionText:
    """Read the messages and threads of a Slack or Discord channel from `start` (older) to `end`; without both, the last
    seven days. `id` is that of the channel's document.
    """
    start, end = _both_ends(start, end, now=datetime.fromtimestamp(call.now(), tz=UTC))
    _require_order(start, end)
    with repaired({NotFound: NO_SUCH_CHANNEL}):
        said = await discussions.discussion_contents(call, id, source=source, start=start, end=end)
    return reading.discussion_text(said, discussion_id=id, source=source)


async def remember(
    call: ToolCall, *, name: Annotated[Name, Field(description="A title to find it by.")], content: LongText
) -> Remembered:
    """Store a text in the user's knowledge, when they ask for it or agreed. No secrets. `search` finds it once it is
    indexed, which may take minutes. If it fails, search before trying again: it may be stored.
    """
    document_id = await documents.memorize(call, name=name, content=content)
    return Remembered(account=call.account, id=document_id, next=FINDABLE_SOON)


async def account(call: ToolCall) -> AccountDetails:
    """Whose knowledge the tools see, what it is about, and how much of the quota (probably bytes) is used."""
    return findings.account_details(await sources.profile(call))


async def list_sources(call: ToolCall) -> SourceList:
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


async def _page(call: ToolCall, size: int, source: str | None, number: int) -> DocumentPage:
    return await documents.list_documents(call, page=number, page_size=size, source=source)


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
