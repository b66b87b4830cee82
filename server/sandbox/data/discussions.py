"""The messages of Slack and Discord channels; the channel is a document of the library."""

from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from .database import Database


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
    """Keeps messages, and the threads below them."""

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
