"""``unlinked``: somebody's text in a question, with nothing that a host could make a link of (S6).

Hosts find addresses by rules of their own, and new top-level domains come every year, so no list says what an
address looks like. But every address holds one of a few characters: the dot of a domain or an IP address, the colon
of a scheme or a port, a slash, an ``@``, a bracket of Markdown or HTML, or the ``&`` that writes one of these as an
entity. Each of them is replaced, in every form that Unicode has of it. Dot, colon and ``&`` stay before a space,
where an address has none.
"""

import re
from unicodedata import name, normalize

IN_PLACE = "·"
_BEFORE_A_SPACE = ".:&"
"""Ordinary punctuation there, with which no address begins or goes on."""
_OF_ADDRESSES = frozenset(_BEFORE_A_SPACE + "。/\\@[]<>")
"""The ideographic full stop parts a domain's labels too (UTS 46)."""
_LIKE_QUOTES = re.compile("QUOTATION|APOSTROPHE|PRIME|GERSHAYIM|DITTO|DOUBLE ACUTE")


def unlinked(text: str) -> str:
    """One line without an address and without what looks like a double quote, so that it can't end its own quotes."""
    line = " ".join(text.split())
    return re.sub("'+", "'", "".join(map(_harmless, line, line[1:] + " ")))


def _harmless(character: str, following: str) -> str:
    """A character, or what stands in its place; compatible forms such as a full-width dot count as the plain one."""
    if _OF_ADDRESSES.intersection(normalize("NFKC", character)):
        return character if character in _BEFORE_A_SPACE and following == " " else IN_PLACE
    return "'" if _LIKE_QUOTES.search(name(character, "")) else character
