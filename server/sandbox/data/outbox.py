"""The letters that a real service would send by e-mail."""

from dataclasses import asdict, dataclass, field

from .database import Database

_LETTERS_KEPT = 100


@dataclass(frozen=True, kw_only=True)
class Letter:
    """One letter with a verification code. Times are in seconds since the epoch."""

    to: str
    subject: str
    code: str = field(repr=False)
    sent_at: float
    expires_at: float


class Outbox:
    """Keeps the newest hundred letters; nothing leaves the machine."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def send(self, letter: Letter) -> None:
        """Put a letter into the outbox."""
        columns = asdict(letter)
        self._database.insert("letters", recipient=columns.pop("to"), **columns)
        self._database.run("DELETE FROM letters WHERE id <= (SELECT MAX(id) FROM letters) - ?", _LETTERS_KEPT)

    def letters(self) -> list[Letter]:
        """Give the letters, the oldest first."""
        rows = self._database.all(
            'SELECT recipient AS "to", subject, code, sent_at, expires_at FROM letters ORDER BY id'
        )
        return [Letter(**dict(row)) for row in rows]
