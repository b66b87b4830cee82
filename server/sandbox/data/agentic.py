"""The agentic search: several keyword searches whose queries are made of each other's results.

No language model stands behind it. What the real service writes as an answer is an extract here.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from .documents import Match, Scope
from .indexing import query_words
from .library import Library

_ADDED_WORDS = 6
_SHORTEST_WORD = 4
_EXTRACT_DOCUMENTS = 3
_EXTRACT_CHARACTERS = 300
_NOTHING = "No document holds any of these words."


def search_in_rounds(
    library: Library,
    scope: Scope,
    query: str,
    *,
    context: str,
    limit: int,
    after: float | None = None,
    before: float | None = None,
) -> tuple[list[Match], Mapping[str, int]]:
    """Search for the query, then with the person's context, then with words of what was found.

    The times are those of `Library.search`. Returns the nearest passages of all rounds, and how many passages each
    round's query found.
    """
    nearest: dict[int, Match] = {}
    rounds: dict[str, int] = {}
    for wording in _wordings(query, context, nearest):
        matches = library.search(scope, wording, limit=limit, after=after, before=before)
        rounds[wording] = len(matches)
        for match in matches:
            nearest.setdefault(match.chunk_id, match)
    return list(nearest.values())[:limit], rounds


def told(matches: list[Match], rounds: Mapping[str, int]) -> dict[str, object]:
    """Give what the reply has beside the matches: an extract of the nearest documents, and what was searched for."""
    iterations = [
        {"iteration": number, "query": query, "found": found} for number, (query, found) in enumerate(rounds.items(), 1)
    ]
    passages = {match.document.name: " ".join(match.text.split()) for match in matches[:_EXTRACT_DOCUMENTS]}
    extract = "\n\n".join(f"{name}: {text[:_EXTRACT_CHARACTERS]}" for name, text in passages.items())
    return {"message": "" if matches else _NOTHING, "result": extract, "metadata": {"iterations": iterations}}


def _wordings(query: str, context: str, nearest: Mapping[int, Match]) -> Iterator[str]:
    """Give each round's query; `nearest` is what the rounds before it have found."""
    yield query
    if context:
        yield f"{query} {context}"
    if words := _frequent_words(nearest.values()):
        yield f"{query} {' '.join(words)}"


def _frequent_words(matches: Iterable[Match]) -> list[str]:
    words = Counter(word for match in matches for word in query_words(match.text) if len(word) >= _SHORTEST_WORD)
    return [word for word, _ in words.most_common(_ADDED_WORDS)]
