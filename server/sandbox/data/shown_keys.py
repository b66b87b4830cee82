"""The API keys that a person finds on the pages of the real service, and on the outbox page here.

Each account has one key for all its documents, each memento one for its own (a common knowledge, rememberizer-api.md
§3), and each vector store one.
"""

import base64
import hmac
import sqlite3
from dataclasses import dataclass, field
from typing import Literal

from .api_keys import PREFIX, ApiKeys
from .database import Database

Opened = Literal["account", "memento", "vector_store"]

_MOST = 100
_ACCOUNTS = "SELECT accounts.id, accounts.id AS account_id, NULL AS memento_id, '' AS name, email FROM accounts"
_MEMENTOS = (
    "SELECT mementos.id, account_id, mementos.id AS memento_id, mementos.name, email"
    " FROM mementos JOIN accounts ON accounts.id = account_id"
)
_STORES = (
    "SELECT vector_stores.id, vector_stores.name, email, key"
    " FROM vector_stores JOIN accounts ON accounts.id = account_id"
)


@dataclass(frozen=True, kw_only=True)
class ShownKey:
    """One key and what it opens: all documents of an account, or the memento or vector store of this id and name."""

    opens: Opened
    id: str
    name: str
    owner: str
    """The e-mail address of the account."""
    key: str = field(repr=False)


class ShownKeys:
    """Shows the keys of the newest hundred accounts, mementos and vector stores.

    As in the real service, a key for documents is made when somebody first looks at it.
    """

    def __init__(self, database: Database, api_keys: ApiKeys) -> None:
        self._database = database
        self._api_keys = api_keys

    def shown(self) -> list[ShownKey]:
        """Give the keys of accounts, then those of mementos, then those of vector stores, each the oldest first."""
        return [
            *(self._of_documents("account", row) for row in self._newest(_ACCOUNTS, "accounts.id")),
            *(self._of_documents("memento", row) for row in self._newest(_MEMENTOS, "mementos.id")),
            *(_shown("vector_store", row, row["key"]) for row in self._newest(_STORES, "vector_stores.rowid")),
        ]

    def sample(self, account_id: int) -> str:
        """Give a text that looks like a key of the account, always the same, and opens nothing."""
        made = hmac.digest(self._database.secret("sample_keys"), str(account_id).encode(), "sha256")
        return PREFIX + base64.urlsafe_b64encode(made).rstrip(b"=").decode()

    def _of_documents(self, opens: Opened, row: sqlite3.Row) -> ShownKey:
        account_id, memento_id = row["account_id"], row["memento_id"]
        known = self._database.one(
            "SELECT key FROM shown_keys WHERE account_id = ? AND memento_id IS ?", account_id, memento_id
        )
        return _shown(opens, row, known["key"] if known else self._issue(account_id, memento_id))

    def _issue(self, account_id: int, memento_id: int | None) -> str:
        key = self._api_keys.issue(account_id, memento_id)
        self._database.run("INSERT INTO shown_keys VALUES (?, ?, ?)", key, account_id, memento_id)
        return key

    def _newest(self, select: str, order: str) -> list[sqlite3.Row]:
        return self._database.all(f"{select} ORDER BY {order} DESC LIMIT ?", _MOST)[::-1]


def _shown(opens: Opened, row: sqlite3.Row, key: str) -> ShownKey:
    return ShownKey(opens=opens, id=str(row["id"]), name=row["name"], owner=row["email"], key=key)
