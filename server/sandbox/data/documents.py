"""Documents, the passages that a search finds, where documents come from, and the messages of channels."""

from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Literal, NamedTuple

from .database import Database

SEED_SHELF = "seed"
"""The documents that every account sees and none changes."""


def account_shelf(account_id: int) -> str:
    """Name the shelf of an account's own documents."""
    return f"account:{account_id}"


def store_shelf(store_id: int | str) -> str:
    """Name the shelf of a vector store."""
    return f"store:{store_id}"


@dataclass(frozen=True)
class Scope:
    """Which documents count: those on the shelves, and of these those of one memento if its id is given."""

    shelves: tuple[str, ...]
    memento_id: int | None = None


@dataclass(frozen=True, kw_only=True)
class Document:
    """One document, as it stood when it was read. Times are Unix seconds; None is a time that nobody knows."""

    id: int
    shelf: str
    name: str
    type: str
    """The MIME type."""
    source: str
    integration_type: str
    path: str
    url: str
    size: int
    """In bytes."""
    created_at: float | None
    modified_at: float | None
    ready_at: float
    failure: str | None
    """Why it can't be indexed."""
    status: Literal["indexing", "indexed", "error"]
    remark: str | None
    """What a person should know of a document that is indexed all the same."""


@dataclass(frozen=True, kw_only=True)
class Match:
    """One passage that a search found."""

    document: Document
    text: str
    """The chunk, with those around it that were asked for."""
    distance: float
    """Above 0 and at most 1; smaller is nearer."""
    chunk: int
    """The number of the chunk that was hit."""
    chunk_id: int


class Integration(NamedTuple):
    """A source of documents (rememberizer-api.md §5.3). `document_type` is what it calls a document."""

    id: int
    title: str
    document_type: str


INTEGRATIONS = {
    "google_drive": Integration(1, "Google Drive", "drive"),
    "slack": Integration(2, "Slack", "channel"),
    "dropbox": Integration(3, "Dropbox", "file"),
    "gmail": Integration(4, "Gmail", "mail"),
    "discord": Integration(5, "Discord", "channel"),
    "common_knowledge": Integration(6, "Common knowledge", "file"),
    "memory": Integration(7, "Memory", "memory"),
    "vector_store": Integration(8, "Vector store", "file"),
}
"""Each by its type."""
DISCUSSIONS = ("slack", "discord")
"""The types whose documents are channels with messages."""


@dataclass(frozen=True, kw_only=True)
class Message:
    """One message; `at` is Unix seconds."""

    author: str
    text: str
    at: float

    def line(self) -> str:
        """Write it as one line of a discussion."""
        return f"{self.author} [{datetime.fromtimestamp(self.at, UTC):%Y-%m-%d %H:%M:%S}]: {self.text}"


class Discussions:
    """Keeps the messages of Slack and Discord channels, which are documents, and the threads below them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, document_id: int, message: Message, *, thread: int | None = None) -> int:
        """Add a message to a channel, as an answer in a thread if one is named. Returns what names its thread."""
        row = self._database.insert("messages", document_id=document_id, thread=thread, **asdict(message))
        return int(row["id"])

    def between(self, document_id: int, older: float, newer: float) -> dict[int, Message]:
        """Give the channel's own messages of that time, both ends included, the oldest first."""
        return self._read("document_id = ? AND thread IS NULL AND at >= ? AND at <= ?", document_id, older, newer)

    def thread(self, message: int) -> list[Message]:
        """Give the answers to a message, the oldest first."""
        return list(self._read("thread = ?", message).values())

    def _read(self, where: str, *values: float) -> dict[int, Message]:
        rows = self._database.all(f"SELECT * FROM messages WHERE {where} ORDER BY at, id", *values)  # noqa: S608 - conditions of this class
        return {row["id"]: Message(author=row["author"], text=row["text"], at=row["at"]) for row in rows}
