"""Results of ``knowledge`` that list things: matches, documents, sources, an account."""

from ...server.api.documents import Document, DocumentPage
from ...server.api.search import Found
from ...server.api.search import Match as FoundMatch
from ...server.api.sources import Integration, Profile
from ..base.content import Fence, fits, fitted, shortened
from .results import (
    AccountDetails,
    DocumentEntry,
    DocumentList,
    Match,
    SearchResult,
    SmartSearchResult,
    Source,
    SourceList,
)

NOTHING_FOUND = (
    "Nothing was found. Try other words, a wider time, or `smart_search`; `list_sources` says what is connected."
)
NOTHING_SMART = "Nothing was found. Try other words or a wider time; `list_sources` says what is connected."


def search_result(found: Found) -> SearchResult:
    """What ``search`` found, within the size of a result."""
    whole = smart_search_result(found, nothing=NOTHING_FOUND)
    return SearchResult.model_validate(whole.model_dump())


def smart_search_result(found: Found, *, nothing: str = NOTHING_SMART) -> SmartSearchResult:
    """What ``smart_search`` found, within the size of a result; every match that has room keeps some of its text."""
    fence, answer = Fence(), found.result
    longest = max(len(text) for text in (answer or "", *(match.matched_content for match in found.matches)))

    def make(items: int, characters: int) -> SmartSearchResult:
        left_out = len(found.matches) - items
        return SmartSearchResult(
            notice=fence.notice if found.matches or answer else nothing,
            fence=fence.name,
            cut=_what_was_cut(left_out, characters if characters < longest else None),
            matches=[_match(match, fence, characters) for match in found.matches[:items]],
            answer=fence.around(shortened(answer, characters)) if answer else None,
        )

    return fitted(make, items=len(found.matches), characters=longest)


def _match(match: FoundMatch, fence: Fence, characters: int) -> Match:
    document = match.document
    return Match(
        id=document.id,
        name=document.name,
        source=document.source,
        type=document.type,
        url=document.url,
        created=document.created_time,
        modified=document.modified_time,
        distance=match.distance,
        text=fence.around(shortened(match.matched_content, characters)),
    )


def _what_was_cut(left_out: int, characters: int | None) -> str | None:
    cut = []
    if characters is not None:
        cut.append(f"Texts were cut at {characters} characters: `read_document` with the match's `id` gets them whole.")
    if left_out:
        cut.append(f"The last {left_out} matches were left out: call again with a smaller `limit` or narrower words.")
    return " ".join(cut) or None


def document_list(page: DocumentPage, *, number: int, size: int) -> DocumentList:
    """One page, or where that is too large, the first of the equal smaller pages that it can be divided into."""
    parts = (part for part in range(size, 0, -1) if size % part == 0)
    lists = (_part_of_page(page, number=number, size=size, part=part) for part in parts)
    return next(each for each in lists if fits(each))


def _part_of_page(page: DocumentPage, *, number: int, size: int, part: int) -> DocumentList:
    is_whole = part == size
    first = (number - 1) * size // part + 1
    fence = Fence()
    shorter = f"The page was too large: go on with `page_size` {part}, which `next_page` counts in."
    return DocumentList(
        notice=fence.notice,
        fence=fence.name,
        cut=None if is_whole else shorter,
        documents=[_entry(document, fence) for document in (page.documents if is_whole else page.documents[:part])],
        page=first,
        page_size=part,
        total=page.total,
        next_page=None if is_whole and page.is_last else first + 1,
    )


def _entry(document: Document, fence: Fence) -> DocumentEntry:
    problem = document.status_error_message
    return DocumentEntry(
        id=document.id,
        name=document.name,
        source=document.source,
        type=document.type,
        status=document.status,
        problem=fence.around(problem) if problem else None,
        path=document.path,
        url=document.url,
        size=document.size,
        created=document.created_time,
        indexed=document.indexed_on,
    )


def account_details(profile: Profile) -> AccountDetails:
    """The account, its description fenced and within the size of a result."""
    fence, description = Fence(), profile.datasource_description
    longest = len(description or "")

    def make(_: int, characters: int) -> AccountDetails:
        is_cut = characters < longest
        return AccountDetails(
            notice=fence.notice,
            fence=fence.name,
            cut=f"The description was cut at {characters} characters; no call gets the rest." if is_cut else None,
            email=profile.email,
            name=profile.name,
            quota=profile.embed_quota,
            usage=profile.current_usage,
            description=fence.around(shortened(description, characters)) if description else None,
        )

    return fitted(make, items=0, characters=longest)


def source_list(found: list[Integration]) -> SourceList:
    """Every source that has room in a result."""
    fence = Fence()

    def make(items: int, _: int) -> SourceList:
        left_out = len(found) - items
        return SourceList(
            notice=fence.notice,
            fence=fence.name,
            cut=f"The last {left_out} sources were left out; no call gets them." if left_out else None,
            sources=[_source(each) for each in found[:items]],
        )

    return fitted(make, items=len(found), characters=0)


def _source(integration: Integration) -> Source:
    return Source(
        id=integration.id,
        type=integration.integration_type,
        name=integration.source,
        holds=integration.document_type,
        step=integration.integration_step,
        token_valid=integration.token_validity,
        documents=integration.document_count,
        size=integration.total_size,
        statuses=integration.status,
    )
