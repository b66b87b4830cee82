"""Mementos: the selections of documents that an account makes (rememberizer-api.md §5.4)."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ..config import SandboxConfig
from .database import Database


@dataclass(frozen=True, kw_only=True)
class Memento:
    """One memento, as it stood when it was read. The time is in Unix seconds; the ids are in rising order."""

    id: int
    name: str
    created_at: float
    document_ids: Sequence[int]


class Mementos:
    """Keeps the mementos of all accounts. Which documents an account may put into one is for the caller to check."""

    def __init__(self, database: Database, config: SandboxConfig) -> None:
        self._database = database
        self._now = config.now

    def create(self, account_id: int, name: str) -> Memento:
        """Make a memento without documents."""
        row = self._database.insert("mementos", account_id=account_id, name=name, created_at=self._now())
        return Memento(id=row["id"], name=name, created_at=row["created_at"], document_ids=())

    def of_account(self, account_id: int) -> list[Memento]:
        """Give those of an account, the oldest first."""
        return self._read("account_id = ?", account_id)

    def one(self, account_id: int, memento_id: int) -> Memento | None:
        """Find one by its id, among those of the account."""
        return next(iter(self._read("account_id = ? AND id = ?", account_id, memento_id)), None)

    def change(self, memento_id: int, *, add: Iterable[int], remove: Iterable[int]) -> None:
        """Put documents in, then take documents out. One that is in already, or isn't in, changes nothing.

        `sqlite3.IntegrityError`: there is no such memento, or no such document to add.
        """
        with self._database.transaction():
            for document_id in add:
                statement = "INSERT INTO memento_documents VALUES (?, ?) ON CONFLICT DO NOTHING"
                self._database.run(statement, memento_id, document_id)
            for document_id in remove:
                statement = "DELETE FROM memento_documents WHERE memento_id = ? AND document_id = ?"
                self._database.run(statement, memento_id, document_id)

    def delete(self, memento_id: int) -> None:
        """Remove a memento and the API keys that are limited to it; the documents stay."""
        self._database.run("DELETE FROM mementos WHERE id = ?", memento_id)

    def _read(self, where: str, *values: int) -> list[Memento]:
        rows = self._database.all(
            "SELECT id, name, created_at, (SELECT json_group_array(document_id) FROM memento_documents"  # noqa: S608 - conditions of this class
            f" WHERE memento_id = mementos.id) AS document_ids FROM mementos WHERE {where} ORDER BY id",
            *values,
        )
        return [Memento(**{**dict(row), "document_ids": sorted(json.loads(row["document_ids"]))}) for row in rows]
