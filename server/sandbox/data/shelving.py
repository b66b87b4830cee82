"""Puts documents into the database, chunk by chunk."""

import sqlite3
from dataclasses import dataclass

from .chunking import split
from .database import Database
from .words import indexed_words


@dataclass(frozen=True, kw_only=True)
class NewDocument:
    """A document that is to be put on a shelf; the members are those of `documents.Document`."""

    shelf: str
    name: str
    text: str
    type: str
    integration_type: str
    source: str
    path: str
    url: str
    size: int
    created_at: float | None
    ready_at: float
    failure: str | None


def put(database: Database, new: NewDocument) -> sqlite3.Row:
    """Add the document and its chunks; to be called in a transaction. Returns its row."""
    (row,) = database.all(
        "INSERT INTO documents (shelf, name, type, source, integration_type, path, url, size, created_at,"
        " modified_at, ready_at, failure) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING *",
        *(new.shelf, new.name, new.type, new.source, new.integration_type, new.path, new.url, new.size),
        *(new.created_at, new.created_at, new.ready_at, new.failure),
    )
    for number, chunk in enumerate(split(new.text)):
        words = indexed_words(chunk if number else _titled(new.name, chunk))
        database.run(
            "INSERT INTO chunks (document_id, number, text, words) VALUES (?, ?, ?, ?)",
            *(row["id"], number, chunk, words),
        )
    return row


def index_name(database: Database, document_id: int, name: str) -> None:
    """Let the document be found by this name instead of the one before."""
    for row in database.all("SELECT id, text FROM chunks WHERE document_id = ? AND number = 0", document_id):
        database.run("UPDATE chunks SET words = ? WHERE id = ?", indexed_words(_titled(name, row["text"])), row["id"])


def _titled(name: str, chunk: str) -> str:
    """The name is searched with the first chunk."""
    return f"{name}\n{chunk}"
