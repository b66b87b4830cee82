"""What the library gives out: documents, and the passages that a search finds."""

import sqlite3
from dataclasses import dataclass
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
        return cls(
            id=row["id"],
            shelf=row["shelf"],
            name=row["name"],
            type=row["type"],
            source=row["source"],
            integration_type=row["integration_type"],
            path=row["path"],
            url=row["url"],
            size=row["size"],
            created_at=row["created_at"],
            modified_at=row["modified_at"],
            ready_at=row["ready_at"],
            failure=row["failure"],
            status=status,
        )


@dataclass(frozen=True, kw_only=True)
class SourceStats:
    """How many documents of one integration type there are, by status, and their size in bytes together."""

    integration_type: str
    indexed: int
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
