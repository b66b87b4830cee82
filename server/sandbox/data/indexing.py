"""How documents are indexed: the chunks in which they are read and searched, and the words that find them."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping

from .database import Database, Value

MOST_CHARACTERS = 900
_FEWEST_CHARACTERS = 400
"""A border before this one makes no chunk, so that a short paragraph goes together with the next."""
_BORDERS = (
    re.compile(r"\n[^\S\n]*\n\s*"),  # paragraphs
    re.compile(r"(?:[.!?\u2026\u0964\u061f]+[\"'\u2019\u201d)\]]*\s+|[\u3002\uff01\uff1f]+\s*|\n)"),  # sentences, lines
    re.compile(r"\s+"),  # words
)
_MOST_WORDS = 400
_ACCENTS = re.compile("[\u0300-\u036f\u064b-\u065f\u0670]")
# Thai, Lao, Burmese, Khmer, kana, Han and Hangul: scripts in which a space does not end a word, or not always.
_UNSPACED = re.compile(
    "[\u0e01-\u0eff\u1000-\u109f\u1780-\u17d3\u3005-\u3007\u3041-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3"
    "\uf900-\ufaff\U00020000-\U0003ffff]+"
)

_USUAL: Mapping[str, Value] = {"type": "text/plain", "integration_type": "memory", "source": "", "path": "", "url": ""}
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


def indexed_words(text: str) -> str:
    """Give what is indexed of a text: no upper case, no accents, scripts without spaces as pairs of characters.

    The last character of such a run stands alone too, so that a search for one character, by prefix, finds each.
    """
    return _in_pairs(_plain(text), fewest=1)


def query_words(query: str) -> list[str]:
    """Give the first 400 different words of any text a person writes, as they are indexed; [] if it has none."""
    spaced = "".join(character if _is_of_a_word(character) else " " for character in _plain(query))
    return list(dict.fromkeys(_in_pairs(spaced, fewest=2).split()))[:_MOST_WORDS]


def match_expression(words: Iterable[str]) -> str:
    """Give the FTS5 expression for any of the words, whatever else stands in them."""
    return " OR ".join(f'"{word}"{"*" if is_prefix(word) else ""}' for word in words)


def is_prefix(word: str) -> bool:
    """Tell whether the word is one character of a script without spaces, which begins what is indexed."""
    return len(word) == 1 and _UNSPACED.match(word) is not None


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


def _plain(text: str) -> str:
    parts = unicodedata.normalize("NFKD", text.casefold())
    return unicodedata.normalize("NFC", _ACCENTS.sub("", parts))


def _in_pairs(text: str, *, fewest: int) -> str:
    def pairs(run: re.Match[str]) -> str:
        starts = range(max(len(run[0]) - fewest + 1, 1))
        return f" {' '.join(run[0][start : start + 2] for start in starts)} "

    return _UNSPACED.sub(pairs, text)


def _is_of_a_word(character: str) -> bool:
    return character.isalnum() or unicodedata.category(character)[0] == "M"
