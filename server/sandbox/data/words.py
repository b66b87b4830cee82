"""The words by which documents are found: what is indexed of a text, and what a query asks the index for."""

import re
import unicodedata
from collections.abc import Iterable

_MOST_WORDS = 400
_ACCENTS = re.compile("[\u0300-\u036f\u064b-\u065f\u0670]")
# Thai, Lao, Burmese, Khmer, kana, Han and Hangul: scripts in which a space does not end a word, or not always.
_UNSPACED = re.compile(
    "[\u0e01-\u0eff\u1000-\u109f\u1780-\u17d3\u3005-\u3007\u3041-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3"
    "\uf900-\ufaff\U00020000-\U0003ffff]+"
)


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
