"""Results of ``knowledge`` that list things, in one shape whichever upstream had; aliases are the names in ``api``."""

from collections.abc import Callable
from functools import partial
from typing import Any

from pydantic import BaseModel, Field

from ...server.api.documents import Document, DocumentPage
from ...server.api.search import Found, Passage, Passages
from ...server.api.sources import Integration, Profile
from ..base.content import Fence, FromDocuments, Result, fits, fitted, if_known, shortened

NOTHING_FOUND = (
    "Nothing was found. Try other words, a wider time, or `smart_search`; `list_sources` says what is connected."
)
Wanted = Callable[[Document], bool]
NOTHING_SMART = "Nothing was found. Try other words or a wider time; `list_sources` says what is connected."


NO_SCALE = "Rememberizer documents no scale for it: judge by the text."


class Match(BaseModel):
    id: int = Field(description="For read_document or read_discussion.")
    name: str
    source: str | None
    type: str | None = Field(description="MIME type.")
    url: str | None
    created: str | None = Field(validation_alias="created_time")
    modified: str | None = Field(validation_alias="modified_time")
    distance: float | None = Field(description=NO_SCALE)
    text: str = Field(description="An excerpt.")


class SearchResult(FromDocuments):
    matches: list[Match]


class SmartSearchResult(SearchResult):
    """What ``smart_search`` found, and what upstream's model makes of it."""

    answer: str | None = if_known("Left out if there is none.")


class DocumentEntry(BaseModel):
    id: int
    name: str
    source: str | None
    type: str | None
    status: str | None = Field(description="Rememberizer's word; `indexed` ones can be found.")
    problem: str | None
    path: str | None
    url: str | None
    size: int | None = Field(description="Bytes.")
    created: str | None = Field(validation_alias="created_time")
    indexed: str | None = Field(validation_alias="indexed_on")


class DocumentList(FromDocuments):
    documents: list[DocumentEntry]
    page: int
    page_size: int
    total: int | None = if_known("How many there are, where that is known.")
    looked_at: int = Field(description="How many documents this call went through.")
    next_page: int | None = Field(description="Null at the end.")


class AccountDetails(FromDocuments):
    """Whose knowledge it is, and how much of the quota is used."""

    email: str | None
    name: str | None
    quota: int | None = Field(
        validation_alias="embed_quota", description="Probably bytes; Rememberizer doesn't say. Null if not known."
    )
    usage: int | None = Field(validation_alias="current_usage", description="In the quota's unit.")
    description: str | None = Field(description="What the knowledge is about.")


class Source(BaseModel):
    id: int
    type: str | None = Field(validation_alias="integration_type")
    name: str | None = Field(validation_alias="source")
    holds: str | None = Field(validation_alias="document_type")
    step: str | None = Field(validation_alias="integration_step")
    token_valid: bool | None = Field(validation_alias="token_validity")
    documents: int | None = Field(validation_alias="document_count")
    size: int | None = Field(validation_alias="total_size", description="Bytes.")
    statuses: dict[str, int] = Field(validation_alias="status", description="How many documents have which.")


class SourceList(FromDocuments):
    sources: list[Source]


def search_result(found: Found) -> SearchResult:
    """What ``search`` found, within the size of a result."""
    return fitted_search(SearchResult, found, Match, nothing=NOTHING_FOUND, what_was_cut=_what_was_cut)


def smart_search_result(found: Found) -> SmartSearchResult:
    """What ``smart_search`` found, within the size of a result."""
    return fitted_search(SmartSearchResult, found, Match, nothing=NOTHING_SMART, what_was_cut=_what_was_cut)


def fitted_search(
    result: type[Result],
    found: Passages[Any],
    row: type[BaseModel],
    *,
    nothing: str,
    what_was_cut: Callable[[int, int | None], str | None],
) -> Result:
    """What a search found, each match as a ``row``, within the size of a result.

    Every match that has room keeps some of its text. ``what_was_cut`` says how many matches were left out, and at how
    many characters texts were cut, if any were.
    """
    fence, answer = Fence(), found.result
    longest = max(len(text) for text in (answer or "", *(match.matched_content for match in found.matches)))

    def make(items: int, characters: int) -> Result:
        def shown(match: Passage[Any]) -> BaseModel:
            text = fence.around(shortened(match.matched_content, characters))
            return row.model_validate({**match.document.model_dump(), "distance": match.distance, "text": text})

        cut = what_was_cut(len(found.matches) - items, characters if characters < longest else None)
        return result.model_validate(
            {
                **fence.marks(cut, nothing=None if found.matches or answer else nothing),
                "matches": [shown(match) for match in found.matches[:items]],
                "answer": fence.around(shortened(answer, characters)) if answer else None,
            }
        )

    return fitted(make, items=len(found.matches), characters=longest)


def _what_was_cut(left_out: int, characters: int | None) -> str | None:
    cut = []
    if characters is not None:
        cut.append(f"Texts were cut at {characters} characters: `read_document` with the match's `id` gets them whole.")
    if left_out:
        cut.append(f"The last {left_out} matches were left out: call again with a smaller `limit` or narrower words.")
    return " ".join(cut) or None


def document_list(
    page: DocumentPage, *, number: int, size: int, fence: Fence | None = None, wanted: Wanted | None = None
) -> DocumentList:
    """One page, or where that is too large, the first of the equal smaller pages that it can be divided into.

    ``wanted`` says which of its documents are shown.
    """
    parts = (part for part in range(size, 0, -1) if size % part == 0)
    make = partial(_part_of_page, page, number=number, size=size, fence=fence or Fence(), wanted=wanted)
    return next(each for each in map(make, parts) if fits(each))


def _part_of_page(
    page: DocumentPage, part: int, *, number: int, size: int, fence: Fence, wanted: Wanted | None
) -> DocumentList:
    is_whole, first = part == size, (number - 1) * size // part + 1
    shorter = f"The page was too large: go on with `page_size` {part}, which `next_page` counts in."
    documents = page.documents if is_whole else page.documents[:part]
    return DocumentList(
        **fence.marks(None if is_whole else shorter),
        documents=[_entry(document, fence) for document in documents if wanted is None or wanted(document)],
        page=first,
        page_size=part,
        total=None if wanted else page.total,
        looked_at=len(documents),
        next_page=None if is_whole and page.is_last else first + 1,
    )


def _entry(document: Document, fence: Fence) -> DocumentEntry:
    problem = document.status_error_message
    return DocumentEntry.model_validate(
        {**document.model_dump(), "problem": fence.around(problem) if problem else None}
    )


def account_details(profile: Profile) -> AccountDetails:
    """The account, its description fenced and within the size of a result."""
    fence, description = Fence(), profile.datasource_description
    longest = len(description or "")

    def make(_: int, characters: int) -> AccountDetails:
        cut = f"The description was cut at {characters} characters; no call gets the rest."
        shown = fence.around(shortened(description, characters)) if description else None
        marks = fence.marks(cut if characters < longest else None)
        return AccountDetails.model_validate({**marks, **profile.model_dump(), "description": shown})

    return fitted(make, characters=longest)


def source_list(found: list[Integration]) -> SourceList:
    """Every source that has room in a result."""
    fence, sources = Fence(), [Source.model_validate(each.model_dump()) for each in found]

    def make(items: int, _: int) -> SourceList:
        cut = f"The last {len(sources) - items} sources were left out; no call gets them."
        return SourceList(**fence.marks(cut if items < len(sources) else None), sources=sources[:items])

    return fitted(make, items=len(sources))
