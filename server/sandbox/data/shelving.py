"""Puts documents into the database, chunk by chunk."""

import sqlite3
from collections.abc import Mapping

from .chunking import split
from .database import Database, Value
from .words import indexed_words

_USUAL: Mapping[str, Value] = {
    "type": "text/plain",
    "integration_type": "memory",
    "source": "",
    "path": "",
    "url": "",
}
"""The columns of a document that `documents/memorize/` adds."""


def put(database: Database, text: str, columns: Mapping[str, Value]) -> sqlite3.Row:
    """Add a document, and its text in chunks; to be called in a transaction. Returns its row.

    `shelf`, `name`, `created_at` and `ready_at` are needed. The size in bytes is the text's unless it is given.
    """
    derived = {"size": len(text.encode()), "modified_at": columns["created_at"]}
    row = database.insert("documents", **{**_USUAL, **derived, **columns})
    for number, chunk in enumerate(split(text)):
        words = indexed_words(chunk if number else _titled(row["name"], chunk))
        database.insert("chunks", document_id=row["id"], number=number, text=chunk, words=words)
    return row


def index_name(database: Database, document_id: int, name: str) -> None:
    """Let the document be found by this name instead of the one before."""
    for row in database.all("SELECT id, text FROM chunks WHERE document_id = ? AND number = 0", document_id):
        database.run("UPDATE chunks SET words = ? WHERE id = ?", indexed_words(_titled(name, row["text"])), row["id"])


def _titled(name: str, chunk: str) -> str:
    """The name is searched with the first chunk."""
    return f"{name}\n{chunk}"
