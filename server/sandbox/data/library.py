"""The documents of accounts and vector stores: kept in chunks, paged, and searched by their words.

The search is a keyword search (SQLite's FTS5 and its bm25), not a semantic one: it finds words that stand in the text.
"""

import sqlite3
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

from ..config import SandboxConfig
from .database import Database, Value, marks
from .documents import Document, Match, Scope
from .indexing import index_name, is_prefix, match_expression, put, query_words

_COLUMNS = (
    "documents.*, (SELECT remark FROM document_remarks WHERE document_id = documents.id) AS remark,"
    " CASE WHEN failure IS NOT NULL THEN 'error' WHEN ready_at > ? THEN 'indexing' ELSE 'indexed' END AS status"
)
"""Those of a `Document`; the value is the time."""
_READY = "documents.ready_at <= ? AND documents.failure IS NULL"


class Library:
    """Keeps documents on shelves (`documents.account_shelf` and its like). Who asks names the scope that counts."""

    def __init__(self, database: Database, config: SandboxConfig, *, seed: Callable[[], None] = lambda: None) -> None:
        """Make a library that calls `seed` once, before the first time that documents are asked for or added."""
        self._database = database
        self._config = config
        self._seed = seed

    def add(self, shelf: str, *, name: str, text: str, remark: str | None = None, **columns: Value) -> Document:
        """Add a document, which is indexed `config.indexing_seconds` later, or never if there is a `failure`.

        `created_at` is now unless it is given; for the other columns of the table see `indexing.put`.
        """
        now = self._config.now()
        ready_at = now + self._config.indexing_seconds
        columns = {"shelf": shelf, "name": name, "created_at": now, "ready_at": ready_at, **columns}
        with self._stocked.transaction():
            number = put(self._database, text, columns)
            if remark is not None:
                self._database.insert("document_remarks", document_id=number, remark=remark)
            return self._read("id = ?", number)[0]

    def document(self, scope: Scope, document_id: int) -> Document | None:
        """Find one by its id, whatever its status."""
        where, values = _within(scope)
        return next(iter(self._read(f"{where} AND id = ?", *values, document_id)), None)

    def page(
        self, scope: Scope, *, integration_type: str | None = None, offset: int = 0, limit: int = -1
    ) -> list[Document]:
        """Give the documents, or some of them, in the order in which they were added, the oldest first.

        So who pages while documents are added meets each document once, the new ones last. One that is removed moves
        those behind it up by one.
        """
        where, values = _within(scope, integration_type)
        # The inner one needs the index only.
        page = f"SELECT id FROM documents WHERE {where} ORDER BY id LIMIT ? OFFSET ?"  # noqa: S608 - as in _read
        return self._read(f"id IN ({page}) ORDER BY id", *values, limit, offset)

    def count(self, scope: Scope, *, integration_type: str | None = None) -> int:
        """Count what `page` goes through."""
        where, values = _within(scope, integration_type)
        (row,) = self._stocked.all(f"SELECT count(*) AS documents FROM documents WHERE {where}", *values)  # noqa: S608 - as in _read
        return int(row["documents"])

    def sources(self, scope: Scope) -> list[sqlite3.Row]:
        """Count the documents of each integration type.

        Each row has `integration_type`, `documents`, of which `indexing` and `failed`, their `size` in bytes together,
        and `since`, when the first of them was made, in Unix seconds.
        """
        where, values = _within(scope)
        return self._stocked.all(
            "SELECT integration_type, count(*) AS documents, CAST(total(size) AS INTEGER) AS size,"  # noqa: S608 - conditions of this module
            " min(created_at) AS since, count(failure) AS failed,"
            " count(*) FILTER (WHERE failure IS NULL AND ready_at > ?) AS indexing"
            f" FROM documents WHERE {where} GROUP BY integration_type ORDER BY integration_type",
            *(self._config.now(), *values),
        )

    def usage(self, shelf: str) -> int:
        """Give the size of all documents of a shelf in bytes."""
        (row,) = self._database.all("SELECT total(size) AS size FROM documents WHERE shelf = ?", shelf)
        return int(row["size"])

    def chunks(self, document_id: int, start: int, end: int) -> list[str]:
        """Give the chunks from `start` up to, but not with, `end`. A document that is not indexed has none."""
        rows = self._database.all(
            "SELECT text FROM chunks JOIN documents ON documents.id = document_id"  # noqa: S608 - a constant
            f" WHERE document_id = ? AND number >= ? AND number < ? AND {_READY} ORDER BY number",
            *(document_id, start, end, self._config.now()),
        )
        return [row["text"] for row in rows]

    def rename(self, scope: Scope, document_id: int, name: str) -> Document | None:
        """Change the name. None: there is no such document."""
        with self._database.transaction():
            if self.document(scope, document_id) is not None:
                statement = "UPDATE documents SET name = ?, modified_at = ? WHERE id = ?"
                self._database.run(statement, name, self._config.now(), document_id)
                index_name(self._database, document_id, name)
            return self.document(scope, document_id)

    def remove(self, scope: Scope, document_id: int) -> Document | None:
        """Remove a document, from mementos too, and give it as it was. None: there is no such document."""
        found = self.document(scope, document_id)
        if found is not None:
            self._database.run("DELETE FROM documents WHERE id = ?", document_id)
        return found

    def search(
        self,
        scope: Scope,
        query: str,
        *,
        limit: int,
        after: float | None = None,
        before: float | None = None,
        previous: int = 0,
        following: int = 0,
    ) -> list[Match]:
        """Give the chunks that hold any word of the query, the nearest first. The name counts with the first chunk.

        A word of more than a tenth of all chunks does not count beside others: it tells nothing, and costs the most.
        `after` and `before` are Unix seconds, both included; a document without a date is in no such window. `previous`
        and `following` say how many chunks around the hit go with it.
        """
        words = self._telling(query_words(query))
        if not words:
            return []
        where, values = _within(scope, after=after, before=before)
        now = self._config.now()
        # The index goes first: it gives the hits by rank, and reading ends with the last that is wanted.
        rows = self._database.all(
            f"SELECT {_COLUMNS}, chunks.id AS chunk_id, number, rank FROM chunk_words"  # noqa: S608 - constants of this module
            " CROSS JOIN chunks ON chunks.id = chunk_words.rowid CROSS JOIN documents ON documents.id = document_id"
            f" WHERE chunk_words MATCH ? AND {where} AND {_READY} ORDER BY rank LIMIT ?",
            *(now, match_expression(words), *values, now, limit),
        )
        return [self._match(dict(row), previous, following) for row in rows]

    @cached_property
    def _stocked(self) -> Database:
        """The database with the seed in it."""
        self._seed()
        return self._database

    def _telling(self, words: list[str]) -> list[str]:
        (total,) = self._stocked.all("SELECT count(*) AS chunks FROM chunks")
        known = self._database.all(
            f"SELECT term, doc FROM chunk_vocabulary WHERE term IN ({marks(words)})",  # noqa: S608 - marks only
            *words,
        )
        chunks = {row["term"]: row["doc"] for row in known}
        telling = [word for word in words if is_prefix(word) or chunks.get(word, 0) <= total["chunks"] / 10]
        return telling if any(is_prefix(word) or word in chunks for word in telling) else words

    def _match(self, row: dict[str, Any], previous: int, following: int) -> Match:
        chunk_id, number, rank = row.pop("chunk_id"), row.pop("number"), row.pop("rank")
        text = "".join(self.chunks(row["id"], number - previous, number + following + 1))
        distance = 1 / (1 - rank)  # bm25 is below 0, and the further the better
        return Match(document=Document(**row), text=text, distance=distance, chunk=number, chunk_id=chunk_id)

    def _read(self, where: str, *values: Value) -> list[Document]:
        statement = f"SELECT {_COLUMNS} FROM documents WHERE {where}"  # noqa: S608 - conditions of this module, values apart
        return [Document(**dict(row)) for row in self._stocked.all(statement, self._config.now(), *values)]


def _within(
    scope: Scope, integration_type: str | None = None, *, after: float | None = None, before: float | None = None
) -> tuple[str, Sequence[Value]]:
    """Give the condition for the documents that count, and the values in it."""
    in_memento = "EXISTS (SELECT 1 FROM memento_documents WHERE memento_id = ? AND document_id = documents.id)"
    narrower: dict[str, Value] = {
        in_memento: scope.memento_id,
        "integration_type = ?": integration_type,
        "documents.created_at >= ?": after,
        "documents.created_at <= ?": before,
    }
    given = {condition: value for condition, value in narrower.items() if value is not None}
    return " AND ".join((f"shelf IN ({marks(scope.shelves)})", *given)), (*scope.shelves, *given.values())
