"""The seed corpus: documents that are there from the start, so that a first search finds something.

Each line of `seed/*.jsonl` is a JSON object: a document with `name`, `integration_type`, `created` (a date, or nothing)
and `text`, or a channel with `messages`, whose age is in hours and counts from the moment of the seeding.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from .database import Database, Value
from .documents import SEED_SHELF, Discussions, Message
from .indexing import put

_FILES = Path(__file__).parent / "seed"
_OWNER = "kestrel@example.com"
_HOUR = 3600

Entry = Mapping[str, Any]


def seed(database: Database, now: float) -> None:
    """Put the seed corpus into a database that hasn't got it. `now` is in Unix seconds."""
    with database.transaction():
        if database.one("SELECT 1 FROM documents WHERE shelf = ?", SEED_SHELF) is None:
            for file in sorted(_FILES.glob("*.jsonl")):
                for line in file.read_text(encoding="utf-8").splitlines():
                    _put(database, json.loads(line), now)


def _put(database: Database, entry: Entry, now: float) -> None:
    messages = entry.get("messages", ())
    kind = entry["integration_type"]
    columns: dict[str, Value] = {
        "shelf": SEED_SHELF,
        "name": entry["name"],
        "type": entry.get("type", "text/plain"),
        "integration_type": kind,
        "source": _OWNER,
        "path": f"{entry.get('folder', '')}/{entry['name']}",
        "url": f"https://{kind.replace('_', '-')}.example/",
        "created_at": now if messages else _seconds(entry["created"]),
        "ready_at": now,
    }
    number = put(database, _channel_text(messages, now) if messages else entry["text"], columns)
    _put_messages(Discussions(database), number, messages, now)


def _put_messages(
    discussions: Discussions, document_id: int, entries: Sequence[Entry], now: float, thread: int | None = None
) -> None:
    for entry in entries:
        number = discussions.add(document_id, _message(entry, now), thread=thread)
        _put_messages(discussions, document_id, entry.get("answers", ()), now, number)


def _channel_text(entries: Sequence[Entry], now: float) -> str:
    """Give what a search of the channel's messages finds."""
    everything = [message for entry in entries for message in (entry, *entry.get("answers", ()))]
    return "".join(f"{_message(entry, now).line()}\n\n" for entry in everything)


def _message(entry: Entry, now: float) -> Message:
    return Message(author=entry["author"], text=entry["text"], at=now - entry["hours_ago"] * _HOUR)


def _seconds(date: str) -> float | None:
    return datetime.fromisoformat(date).replace(tzinfo=UTC).timestamp() if date else None
