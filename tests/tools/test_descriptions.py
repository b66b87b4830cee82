"""What a model reads before it calls anything: what it would have to guess is said, and nothing that isn't so."""

import json
from typing import Any

import pytest

from tests.tools.base.test_contract import listed

SAID = {
    "login": [
        "give them the link and the confirm code: the page shows the same two words, and they compare them",
        "Never ask for a password; if the user typed one unasked, don't repeat it",
    ],
    "signup": ["the page asks for the mailed code, too", "Only where the state is `unverified`, ask the user"],
    "search": [
        "Matches are excerpts: judge by their text, since `distance` has no known scale",
        "Where that is not enough, `read_document`",
        "Whether created or modified counts, and whether the ends do, is not documented",
    ],
    "list_documents": [
        "in an order that Rememberizer doesn't document",
        "`folder`, `after` and `before` choose among up to 10 pages a call",
        "Of `created`, included.",
        "Of `created`, not included.",
        "google_drive, slack, discord, dropbox, gmail, memory, common_knowledge or another",
    ],
    "read_document": ["`complete` says that this is all"],
    "remember": ["`search` finds it once it is indexed, which may take minutes"],
    "account": ["how much of the quota (probably bytes) is used"],
    "edit_memento": ["Ids of folders, which no tool gives; a path may work"],
    "delete_memento": ["Leave out; if the answer is `confirmation_required`, ask the user, then pass true"],
    "delete_vector_document": ["Leave out; if the answer is `confirmation_required`, ask the user, then pass true"],
    "search_vector_store": ["0.9 is stricter, 0.5 looser; `distance` is another figure"],
    "get_vector_document": ["It can be searched once `indexed_on` is there"],
}
HIDDEN = '"format": "password"'
"""Of the mailed code, which hosts should not show either."""
GUESSES = [
    "The user is asked first",
    "needed only where this client",
    "Leaves the session",
    "in a moment",
    "default session",
]


def read_by_models(tools: list[dict[str, Any]]) -> dict[str, str]:
    """By the tool's name: what hosts show a model of it."""
    shown = ("description", "inputSchema")
    return {tool["name"]: json.dumps([tool[part] for part in shown], ensure_ascii=False) for tool in tools}


@pytest.mark.promise("tools:list:well-formed")
async def test_what_a_model_would_have_to_guess_is_said() -> None:
    texts = read_by_models(await listed(toolsets="all"))
    assert not [(name, each) for name, said in SAID.items() for each in said if each not in texts[name]]
    assert not [(name, guess) for name, text in texts.items() for guess in GUESSES if guess in text]


@pytest.mark.promise("arguments:secrets:taken-away")
async def test_without_secret_arguments_nothing_speaks_of_them() -> None:
    texts = read_by_models(await listed(toolsets="all", secret_arguments=False))
    assert not [name for name, text in texts.items() if "captcha" in text or "ithout a password" in text]
    assert [name for name, text in texts.items() if "password" in text.replace(HIDDEN, "")] == ["login"]
