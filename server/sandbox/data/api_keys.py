"""API keys: what an account's documents, or those of one memento, can be read with (rememberizer-api.md §3)."""

import secrets
from dataclasses import dataclass

from .access_tokens import digest
from .database import Database

PREFIX = "rem_ck_"


@dataclass(frozen=True, kw_only=True)
class KeyHolder:
    """Whose key it is, and the id of the memento that it is limited to; None is no limit."""

    account_id: int
    memento_id: int | None


class ApiKeys:
    """Gives keys and looks them up. Of a key only the SHA-256 is stored."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def issue(self, account_id: int, memento_id: int | None = None) -> str:
        """Make a key of 256 random bits. A key that this account had for the same documents is good no longer."""
        key = PREFIX + secrets.token_urlsafe(32)
        with self._database.transaction():
            self._database.run("DELETE FROM api_keys WHERE account_id = ? AND memento_id IS ?", account_id, memento_id)
            self._database.run("INSERT INTO api_keys VALUES (?, ?, ?)", digest(key), account_id, memento_id)
        return key

    def holder(self, key: str) -> KeyHolder | None:
        """Tell whose key it is. None: nobody's."""
        row = self._database.one("SELECT account_id, memento_id FROM api_keys WHERE digest = ?", digest(key))
        return None if row is None else KeyHolder(account_id=row["account_id"], memento_id=row["memento_id"])
