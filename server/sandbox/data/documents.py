"""What the library gives out: documents, the passages that a search finds, and where documents come from."""

from dataclasses import dataclass
from typing import Literal, NamedTuple

SEED_SHELF = "seed"
"""The documents that every account sees and none changes."""


def account_shelf(account_id: int) -> str:
    """Name the shelf of an account's own documents."""
    return f"account:{account_id}"


def store_shelf(store_id: int | str) -> str:
    """Name the shelf of a vector store."""
    return f"store:{store_id}"


@dataclass(frozen=True)
class Scope:
    """Which documents count: those on the shelves, and of these those of one memento if its id is given."""

    shelves: tuple[str, ...]
    memento_id: int | None = None


@dataclass(frozen=True, kw_only=True)
class Document:
    """One document, as it stood when it was read. Times are Unix seconds; None is a time that nobody knows."""

    id: int
    shelf: str
    name: str
    type: str
    """The MIME type."""
    source: str
    integration_type: str
    path: str
    url: str
    size: int
    """In bytes."""
    created_at: float | None
    modified_at: float | None
    ready_at: float
    failure: str | None
    """Why it can't be indexed."""
    status: Literal["indexing", "indexed", "error"]
    remark: str | None
    """What a person should know of a document that is indexed all the same."""


@dataclass(frozen=True, kw_only=True)
class Match:
    """One passage that a search found."""

    document: Document
    text: str
    """The chunk, with those around it that were asked for."""
    distance: float
    """Above 0 and at most 1; smaller is nearer."""
    chunk: int
    """The number of the chunk that was hit."""
    chunk_id: int


class Integration(NamedTuple):
    """A source of documents (rememberizer-api.md §5.3). `document_type` is what it calls a document."""

    id: int
    title: str
    document_type: str


INTEGRATIONS = {
    "google_drive": Integration(1, "Google Drive", "drive"),
    "slack": Integration(2, "Slack", "channel"),
    "dropbox": Integration(3, "Dropbox", "file"),
    "gmail": Integration(4, "Gmail", "mail"),
    "discord": Integration(5, "Discord", "channel"),
    "common_knowledge": Integration(6, "Common knowledge", "file"),
    "memory": Integration(7, "Memory", "memory"),
    "vector_store": Integration(8, "Vector store", "file"),
}
"""Each by its type."""
DISCUSSIONS = ("slack", "discord")
"""The types whose documents are channels with messages."""
