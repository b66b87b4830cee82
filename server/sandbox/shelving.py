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
        database.run(
            "INSERT INTO chunks (document_id, number, text, words) VALUES (?, ?, ?, ?)",
            *(row["id"], number, chunk, indexed_words(chunk)),
        )
    return row
