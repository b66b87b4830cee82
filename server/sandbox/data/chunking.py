"""Puts documents into the database, in chunks: the unit in which they are read and searched."""

import re
from collections.abc import Iterator, Mapping

from .database import Database, Value
from .words import indexed_words

MOST_CHARACTERS = 900
_FEWEST_CHARACTERS = 400
"""A border before this one makes no chunk, so that a short paragraph goes together with the next."""
_BORDERS = (
    re.compile(r"\n[^\S\n]*\n\s*"),  # paragraphs
    re.compile(r"(?:[.!?\u2026\u0964\u061f]+[\"'\u2019\u201d)\]]*\s+|[\u3002\uff01\uff1f]+\s*|\n)"),  # sentences, lines
    re.compile(r"\s+"),  # words
)

_USUAL: Mapping[str, Value] = {
    "type": "text/plain",
    "integration_type": "memory",
    "source": "",
    "path": "",
    "url": "",
}
"""The columns of a document that `documents/memorize/` adds."""


def split(text: str) -> Iterator[str]:
    """Give chunks of 1 to 900 characters that, joined, are exactly the text; an empty text has none.

    Each ends after a paragraph, else after a sentence or line, else after a word, with the white space that follows;
    only where there is no such border is a word cut.
    """
    start = 0
    while len(text) - start > MOST_CHARACTERS:
        end = _border(text, start)
        yield text[start:end]
        start = end
    if start < len(text):
        yield text[start:]


def put(database: Database, text: str, columns: Mapping[str, Value]) -> int:
    """Add a document, and its text in chunks; to be called in a transaction. Returns its id.

    `shelf`, `name`, `created_at` and `ready_at` are needed. The size in bytes is the text's unless it is given.
    """
    derived = {"size": len(text.encode()), "modified_at": columns["created_at"]}
    row = database.insert("documents", **{**_USUAL, **derived, **columns})
    for number, chunk in enumerate(split(text)):
        words = indexed_words(chunk if number else _titled(row["name"], chunk))
        database.insert("chunks", document_id=row["id"], number=number, text=chunk, words=words)
    return int(row["id"])


def index_name(database: Database, document_id: int, name: str) -> None:
    """Let the document be found by this name instead of the one before."""
    for row in database.all("SELECT id, text FROM chunks WHERE document_id = ? AND number = 0", document_id):
        database.run("UPDATE chunks SET words = ? WHERE id = ?", indexed_words(_titled(name, row["text"])), row["id"])


def _border(text: str, start: int) -> int:
    last = start + MOST_CHARACTERS
    for border in _BORDERS:
        ends = [found.end() for found in border.finditer(text, start + _FEWEST_CHARACTERS, last)]
        if ends:
            return ends[-1]
    return last


def _titled(name: str, chunk: str) -> str:
    """The name is searched with the first chunk."""
    return f"{name}\n{chunk}"
