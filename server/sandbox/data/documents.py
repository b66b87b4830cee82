"""What the library gives out: documents, and the passages that a search finds."""

import sqlite3
from dataclasses import dataclass, fields
from typing import Literal, Self

Status = Literal["indexing", "indexed", "error"]
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
    status: Status

    @classmethod
    def of(cls, row: sqlite3.Row, now: float) -> Self:
        """Make one of a row of the table."""
        status: Status = "error" if row["failure"] is not None else "indexing" if row["ready_at"] > now else "indexed"
        return cls(status=status, **{name: row[name] for name in _COLUMNS})


_COLUMNS = [column.name for column in fields(Document) if column.name != "status"]


@dataclass(frozen=True, kw_only=True)
class SourceStats:
    """How many documents of one integration type there are, of which status, and their size in bytes together."""

    integration_type: str
    documents: int
    indexing: int
    failed: int
    size: int
    since: float | None
    """When the first of them was made, in Unix seconds."""


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
