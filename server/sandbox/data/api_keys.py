"""The API keys that a person finds on the pages of the real service, and on the outbox page here.

Each account has one key for all its documents, each memento one for its own (a common knowledge, rememberizer-api.md
§3), and each vector store one.
"""

import base64
import hmac
import sqlite3
from collections.abc import Mapping

from ..config import SandboxConfig
from .database import Database
from .outbox import Opened, ShownKey
from .tokens import TokenTable

PREFIX = "rem_ck_"
_MOST = 100
_HOLDERS: Mapping[Opened, str] = {
    "account": (
        "SELECT id, '' AS name, email, NULL AS key, id AS account_id, NULL AS memento_id FROM accounts ORDER BY id"
    ),
    "memento": (
        "SELECT mementos.id, mementos.name, email, NULL AS key, account_id, mementos.id AS memento_id"
        " FROM mementos JOIN accounts ON accounts.id = account_id ORDER BY mementos.id"
    ),
    "vector_store": (
        "SELECT vector_stores.id, vector_stores.name, email, key"
        " FROM vector_stores JOIN accounts ON accounts.id = account_id ORDER BY vector_stores.rowid"
    ),
}
"""What has a key, and the key itself where that is kept with it."""


class ApiKeys:
    """Issues the keys for documents, finds their holders, and shows all keys."""

    def __init__(self, database: Database, config: SandboxConfig) -> None:
        self._database = database
        self._keys = TokenTable(database, "api_keys", config.now, prefix=PREFIX)

    def issue(self, account_id: int, memento_id: int | None = None) -> str:
        """Make a key. A key that this account had for the same documents is good no longer."""
        with self._database.transaction():
            self._database.run("DELETE FROM api_keys WHERE account_id = ? AND memento_id IS ?", account_id, memento_id)
            return self._keys.issue(account_id=account_id, memento_id=memento_id)

    def holder(self, key: str) -> sqlite3.Row | None:
        """Give `account_id` and `memento_id` of a key, which opens everything where that is None; None: nobody's."""
        return self._keys.find(key)

    def shown(self) -> list[ShownKey]:
        """Give the keys of accounts, then of mementos, then of vector stores: the newest hundred, the oldest first.

        As in the real service, a key for documents is made when somebody first looks at it.
        """
        return [
            ShownKey(
                opens=opens,
                id=str(row["id"]),
                name=row["name"],
                owner=row["email"],
                key=row["key"] or self._of_documents(row["account_id"], row["memento_id"]),
            )
            for opens, select in _HOLDERS.items()
            for row in self._database.all(f"{select} DESC LIMIT ?", _MOST)[::-1]
        ]

    def sample(self, account_id: int) -> str:
        """Give a text that looks like a key of the account, always the same, and opens nothing."""
        made = hmac.digest(self._database.secret("sample_keys"), str(account_id).encode(), "sha256")
        return PREFIX + base64.urlsafe_b64encode(made).rstrip(b"=").decode()

    def _of_documents(self, account_id: int, memento_id: int | None) -> str:
        known = self._database.one(
            "SELECT key FROM shown_keys WHERE account_id = ? AND memento_id IS ?", account_id, memento_id
        ) or self._database.insert(
            "shown_keys", key=self.issue(account_id, memento_id), account_id=account_id, memento_id=memento_id
        )
        key: str = known["key"]
        return key
