"""What the tools of ``knowledge`` return: the same shape whichever shape upstream's answer had.

An alias is the name in ``server/api/``.
"""

from pydantic import BaseModel, Field

from ..base.content import FromDocuments, Written


class Match(BaseModel):
    """One passage that a search found."""

    id: int = Field(description="For read_document or read_discussion.")
    name: str
    source: str | None
    type: str | None = Field(description="MIME type.")
    url: str | None
    created: str | None = Field(validation_alias="created_time")
    modified: str | None = Field(validation_alias="modified_time")
    distance: float | None = Field(description="Rememberizer's figure; whether smaller is nearer is not documented.")
    text: str


class SearchResult(FromDocuments):
    """What ``search`` found."""

    matches: list[Match]


class SmartSearchResult(SearchResult):
    """What ``smart_search`` found, and what upstream's model makes of it."""

    answer: str | None


class DocumentEntry(BaseModel):
    """One document in a list."""

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
    """One page of ``list_documents``."""

    documents: list[DocumentEntry]
    page: int
    page_size: int
    total: int | None
    next_page: int | None = Field(description="Null at the end.")


class DocumentText(FromDocuments):
    """Some chunks of a document."""

    id: int
    content: str
    start_chunk: int
    next_chunk: int | None = Field(description="Null at the end.")


class ThreadText(BaseModel):
    """One thread of a discussion."""

    title: str | None
    text: str


class DiscussionText(FromDocuments):
    """A discussion, main messages first."""

    id: int
    source: str
    text: str
    threads: list[ThreadText]


class Remembered(Written):
    """What ``remember`` did."""

    id: int | None
    next: str


class AccountDetails(FromDocuments):
    """Whose knowledge it is, and how much of the quota is used."""

    email: str | None
    name: str | None
    quota: int | None = Field(
        validation_alias="embed_quota", description="Null if not known; its unit is not documented."
    )
    usage: int | None = Field(validation_alias="current_usage", description="In the quota's unit.")
    description: str | None = Field(description="What the knowledge is about.")


class Source(BaseModel):
    """One connected source."""

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
    """Every connected source."""

    sources: list[Source]
