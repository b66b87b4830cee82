"""Splits a text into chunks, the unit in which documents are read and searched."""

import re
from collections.abc import Iterator

MOST_CHARACTERS = 900
_FEWEST_CHARACTERS = 400
"""A border before this one makes no chunk, so that a short paragraph goes together with the next."""
_BORDERS = (
    re.compile(r"\n[^\S\n]*\n\s*"),  # paragraphs
    re.compile(r"(?:[.!?\u2026\u0964\u061f]+[\"'\u2019\u201d)\]]*\s+|[\u3002\uff01\uff1f]+\s*|\n)"),  # sentences, lines
    re.compile(r"\s+"),  # words
)


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


def _border(text: str, start: int) -> int:
    last = start + MOST_CHARACTERS
    for border in _BORDERS:
        ends = [found.end() for found in border.finditer(text, start + _FEWEST_CHARACTERS, last)]
        if ends:
            return ends[-1]
    return last
