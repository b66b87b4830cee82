"""The documents of accounts and vector stores: kept in chunks, paged, and searched by their words.

The search is a keyword search (SQLite's FTS5 and its bm25), not a semantic one: it finds words that stand in the text.
"""

from collections.abc import Callable, Sequence
from typing import Literal

from ..config import SandboxConfig
from .database import Database, Value
from .documents import Document, Match, SourceStats
from .shelving import NewDocument, index_name, put
from .words import is_prefix, match_expression, query_words

Shelves = tuple[str, ...]

_READY = "documents.ready_at <= ? AND documents.failure IS NULL"


class Library:
    """Keeps documents on shelves (`documents.account_shelf` and its like). Who asks names the shelves that count.

    `only` is the id of a memento: then no document counts that isn't in it, whatever its shelf.
    """

    def __init__(self, database: Database, config: SandboxConfig, *, seed: Callable[[], None] = lambda: None) -> None:
        """Make a library that calls `seed` once, before the first time that documents are asked for or added."""
        self._database = database
        self._config = config
        self._seed = seed
        self._is_seeded = False

    def add(
        self,
        shelf: str,
        *,
        name: str,
        text: str,
        type: str = "text/plain",  # noqa: A002 - the contract's word
        integration_type: str = "memory",
        source: str = "",
        path: str = "",
        url: str = "",
        size: int | None = None,
        created_at: float | None = None,
        failure: str | None = None,
    ) -> Document:
        """Add a document, which is indexed `config.indexing_seconds` later, or never if there is a failure.

        `size` is in bytes, the text's unless it is given; `created_at` is now unless it is given.
        """
        now = self._config.now()
        new = NewDocument(
            shelf=shelf,
            name=name,
            text=text,
            type=type,
            integration_type=integration_type,
            source=source,
            path=path,
            url=url,
            size=len(text.encode()) if size is None else size,
            created_at=now if created_at is None else created_at,
            ready_at=now + self._config.indexing_seconds,
            failure=failure,
        )
        database = self._stocked
        with database.transaction():
            return Document.of(put(database, new), now)

    def document(self, shelves: Shelves, document_id: int, *, only: int | None = None) -> Document | None:
        """Find one by its id, whatever its status."""
        where, values = _on(shelves, only)
        return next(iter(self._read(f"{where} AND id = ?", *values, document_id)), None)

    def page(
        self,
        shelves: Shelves,
        *,
        offset: int,
        limit: int,
        integration_type: str | None = None,
        only: int | None = None,
    ) -> list[Document]:
        """Give some of the documents in the order in which they were added, the oldest first.

        So who pages while documents are added meets each document once, the new ones last. One that is removed moves
        those behind it up by one.
        """
        where, values = _on(shelves, only, integration_type)
        # The inner one needs the index only.
        page = f"SELECT id FROM documents WHERE {where} ORDER BY id LIMIT ? OFFSET ?"  # noqa: S608 - as in _read
        return self._read(f"id IN ({page}) ORDER BY id", *values, limit, offset)

    def count(self, shelves: Shelves, *, integration_type: str | None = None, only: int | None = None) -> int:
        """Count what `page` goes through."""
        where, values = _on(shelves, only, integration_type)
        (row,) = self._stocked.all(f"SELECT count(*) AS documents FROM documents WHERE {where}", *values)  # noqa: S608 - as in _read
        return int(row["documents"])

    def sources(self, shelves: Shelves, *, only: int | None = None) -> list[SourceStats]:
        """Count the documents of each integration type by status."""
        where, values = _on(shelves, only)
        rows = self._stocked.all(
            "SELECT integration_type, count(*) AS documents, total(size) AS size, min(created_at) AS since,"  # noqa: S608 - conditions of this module
            " count(failure) AS failed, total(failure IS NULL AND ready_at > ?) AS indexing"
            f" FROM documents WHERE {where} GROUP BY integration_type ORDER BY integration_type",
            *(self._config.now(), *values),
        )
        return [
            SourceStats(
                integration_type=row["integration_type"],
                indexed=row["documents"] - row["failed"] - int(row["indexing"]),
                indexing=int(row["indexing"]),
                failed=row["failed"],
                size=int(row["size"]),
                since=row["since"],
            )
            for row in rows
        ]

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

    def rename(self, shelves: Shelves, document_id: int, name: str) -> Document | None:
        """Change the name. None: there is no such document."""
        with self._database.transaction():
            self._change(
                "UPDATE documents SET name = ?, modified_at = ?", shelves, document_id, name, self._config.now()
            )
            renamed = self.document(shelves, document_id)
            if renamed is not None:
                index_name(self._database, document_id, name)
        return renamed

    def remove(self, shelves: Shelves, document_id: int) -> bool:
        """Remove a document, from mementos too. False: there is no such document."""
        found = self.document(shelves, document_id) is not None
        self._change("DELETE FROM documents", shelves, document_id)
        return found

    def search(
        self,
        shelves: Shelves,
        query: str,
        *,
        limit: int,
        after: float | None = None,
        before: float | None = None,
        only: int | None = None,
        previous: int = 0,
        following: int = 0,
    ) -> list[Match]:
        """Give the chunks that hold any word of the query, the nearest first. The name counts with the first chunk.

        A word of more than half of all chunks does not count beside others: it tells nothing, and costs the most.
        `after` and `before` are Unix seconds, both included; a document without a date is in no such window. `previous`
        and `following` say how many chunks around the hit go with it.
        """
        words = self._telling(query_words(query))
        if not words:
            return []
        where, values = _on(shelves, only)
        window, bounds = _window(after, before)
        # The index goes first: it gives the hits by rank, and reading ends with the last that is wanted.
        rows = self._database.all(
            "SELECT documents.*, chunks.id AS chunk_id, number, rank FROM chunk_words"  # noqa: S608 - constants of this module
            " CROSS JOIN chunks ON chunks.id = chunk_words.rowid CROSS JOIN documents ON documents.id = document_id"
            f" WHERE chunk_words MATCH ? AND {where} AND {_READY}{window} ORDER BY rank LIMIT ?",
            *(match_expression(words), *values, self._config.now(), *bounds, limit),
        )
        return [
            Match(
                document=Document.of(row, self._config.now()),
                text="".join(self.chunks(row["id"], row["number"] - previous, row["number"] + following + 1)),
                distance=1 / (1 - row["rank"]),  # bm25 is below 0, and the further the better
                chunk=row["number"],
                chunk_id=row["chunk_id"],
            )
            for row in rows
        ]

    @property
    def _stocked(self) -> Database:
        """The database with the seed in it."""
        if not self._is_seeded:
            self._seed()
            self._is_seeded = True
        return self._database

    def _telling(self, words: list[str]) -> list[str]:
        (total,) = self._stocked.all("SELECT count(*) AS chunks FROM chunks")
        known = self._database.all(
            f"SELECT term, doc FROM chunk_vocabulary WHERE term IN ({_marks(words)})",  # noqa: S608 - marks only
            *words,
        )
        chunks = {row["term"]: row["doc"] for row in known}
        telling = [word for word in words if is_prefix(word) or chunks.get(word, 0) <= total["chunks"] / 2]
        return telling if any(is_prefix(word) or word in chunks for word in telling) else words

    def _change(self, statement: str, shelves: Shelves, document_id: int, *values: Value) -> None:
        where, conditions = _on(shelves, None)
        self._database.run(f"{statement} WHERE {where} AND id = ?", *values, *conditions, document_id)

    def _read(self, where: str, *values: Value) -> list[Document]:
        rows = self._stocked.all(f"SELECT * FROM documents WHERE {where}", *values)  # noqa: S608 - conditions of this module, values apart
        return [Document.of(row, self._config.now()) for row in rows]


def _marks(values: Sequence[object]) -> str:
    return ", ".join("?" * len(values))


def _on(shelves: Shelves, only: int | None, integration_type: str | None = None) -> tuple[str, Sequence[Value]]:
    conditions: dict[str, Sequence[Value]] = {f"shelf IN ({_marks(shelves)})": shelves}
    if only is not None:
        conditions["EXISTS (SELECT 1 FROM memento_documents WHERE memento_id = ? AND document_id = documents.id)"] = (
            only,
        )
    if integration_type is not None:
        conditions["integration_type = ?"] = (integration_type,)
    return " AND ".join(conditions), [value for values in conditions.values() for value in values]


def _window(after: float | None, before: float | None) -> tuple[str, Sequence[Value]]:
    bounds: tuple[tuple[Literal[">=", "<="], float | None], ...] = ((">=", after), ("<=", before))
    given = [(operator, bound) for operator, bound in bounds if bound is not None]
    return "".join(f" AND documents.created_at {operator} ?" for operator, _ in given), [bound for _, bound in given]
