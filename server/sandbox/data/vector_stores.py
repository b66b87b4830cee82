"""Vector stores: shelves of documents that have API keys of their own (rememberizer-api.md §6).

Model, algorithm, metric and dimension are kept and shown, and change nothing: the search here is one by words.
"""

import secrets
import sqlite3
from dataclasses import dataclass, field
from typing import Self

from ..config import SandboxConfig
from .access_tokens import digest
from .database import Database
from .documents import store_shelf

PREFIX = "rem_vs_"


@dataclass(frozen=True, kw_only=True)
class Design:
    """How a store is meant to embed and index its documents."""

    embedding_model: str
    indexing_algorithm: str
    vector_dimension: int
    search_metric: str


@dataclass(frozen=True, kw_only=True)
class VectorStore:
    """One store, as it stood when it was read. Times are in Unix seconds."""

    id: str
    account_id: int
    name: str
    description: str
    design: Design
    created_at: float
    key: str = field(repr=False)

    @classmethod
    def of(cls, row: sqlite3.Row) -> Self:
        """Make one of a row of the table."""
        return cls(
            id=row["id"],
            account_id=row["account_id"],
            name=row["name"],
            description=row["description"],
            design=Design(
                embedding_model=row["embedding_model"],
                indexing_algorithm=row["indexing_algorithm"],
                vector_dimension=row["vector_dimension"],
                search_metric=row["search_metric"],
            ),
            created_at=row["created_at"],
            key=row["key"],
        )

    @property
    def shelf(self) -> str:
        """The shelf of its documents."""
        return store_shelf(self.id)


class VectorStores:
    """Makes stores and finds them by their keys.

    The keys themselves are kept, for the real service shows a store's key on its page whenever a person looks at it.
    """

    def __init__(self, database: Database, config: SandboxConfig) -> None:
        self._database = database
        self._now = config.now

    def create(self, account_id: int, *, name: str, description: str, design: Design) -> VectorStore:
        """Make an empty store with a key of 256 random bits."""
        key = PREFIX + secrets.token_urlsafe(32)
        (row,) = self._database.all(
            "INSERT INTO vector_stores VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING *",
            *(f"vs_{secrets.token_hex(8)}", account_id, name, description),
            *(design.embedding_model, design.indexing_algorithm, design.vector_dimension, design.search_metric),
            *(self._now(), key, digest(key)),
        )
        return VectorStore.of(row)

    def by_key(self, key: str) -> VectorStore | None:
        """Find the store that a key belongs to."""
        row = self._database.one("SELECT * FROM vector_stores WHERE key_digest = ?", digest(key))
        return None if row is None else VectorStore.of(row)

    def remark(self, document_id: int, remark: str) -> None:
        """Note what a person should know of a document that is indexed all the same."""
        self._database.run("INSERT INTO document_remarks VALUES (?, ?)", document_id, remark)

    def remarks(self, shelf: str) -> dict[int, str]:
        """Give the remarks on a shelf's documents by their ids."""
        rows = self._database.all(
            "SELECT document_id, remark FROM document_remarks JOIN documents ON documents.id = document_id"
            " WHERE shelf = ?",
            shelf,
        )
        return {row["document_id"]: row["remark"] for row in rows}
