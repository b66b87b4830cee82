"""Vector stores: shelves of documents that have API keys of their own (rememberizer-api.md §6)."""

import secrets
from dataclasses import dataclass, field

from ..config import SandboxConfig
from .database import Database
from .documents import Scope, store_shelf
from .tokens import digest, random_token

PREFIX = "rem_vs_"


@dataclass(frozen=True, kw_only=True)
class VectorStore:
    """One store, as it stood when it was read. Times are in Unix seconds.

    Model, algorithm, dimension and metric are kept and shown, and change nothing: the search here is one by words.
    """

    id: str
    account_id: int
    name: str
    description: str
    embedding_model: str
    indexing_algorithm: str
    vector_dimension: int
    search_metric: str
    created_at: float
    key: str = field(repr=False)
    key_digest: bytes = field(repr=False)

    @property
    def shelf(self) -> str:
        """The shelf of its documents."""
        return store_shelf(self.id)

    @property
    def scope(self) -> Scope:
        """All of its documents."""
        return Scope((self.shelf,))


class VectorStores:
    """Makes stores and finds them by their keys.

    The keys themselves are kept, for the real service shows a store's key on its page whenever a person looks at it.
    """

    def __init__(self, database: Database, config: SandboxConfig) -> None:
        self._database = database
        self._now = config.now

    def create(self, account_id: int, **columns: str | int) -> VectorStore:
        """Make an empty store with a key of 256 random bits. The columns are those that its maker chooses."""
        key = PREFIX + random_token()
        row = self._database.insert(
            "vector_stores",
            id=f"vs_{secrets.token_hex(8)}",
            account_id=account_id,
            created_at=self._now(),
            **{"key": key, "key_digest": digest(key), **columns},
        )
        return VectorStore(**dict(row))

    def by_key(self, key: str) -> VectorStore | None:
        """Find the store that a key belongs to."""
        row = self._database.one("SELECT * FROM vector_stores WHERE key_digest = ?", digest(key))
        return None if row is None else VectorStore(**dict(row))
