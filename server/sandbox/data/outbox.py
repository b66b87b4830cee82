"""What the outbox page shows: letters that a real service would send by e-mail, with their codes, and API keys."""

import hmac
import secrets
from dataclasses import dataclass, field
from typing import Literal

from ..config import SandboxConfig
from .accounts import Account
from .database import Database
from .refusals import Refusal

Opened = Literal["account", "memento", "vector_store"]
_LETTERS_KEPT = 100
_SUBJECT = "Your Rememberizer sandbox verification code"
_POSSIBLE_CODES = 10**6


@dataclass(frozen=True, kw_only=True)
class Letter:
    """One letter with a verification code. Times are in seconds since the epoch."""

    to: str
    subject: str
    code: str = field(repr=False)
    sent_at: float
    expires_at: float


@dataclass(frozen=True, kw_only=True)
class ShownKey:
    """One key and what it opens: all documents of an account, or the memento or vector store of this id and name."""

    opens: Opened
    id: str
    name: str
    owner: str
    """The e-mail address of the account."""
    key: str = field(repr=False)


class Outbox:
    """Sends verification codes, and keeps the newest hundred letters; nothing leaves the machine.

    A code has six digits and is good once, for a limited time and a limited number of tries. A new one replaces the
    account's last.
    """

    def __init__(self, database: Database, config: SandboxConfig) -> None:
        self._database = database
        self._config = config

    def letters(self) -> list[Letter]:
        """Give the letters, the oldest first."""
        columns = 'recipient AS "to", subject, code, sent_at, expires_at'
        return [Letter(**dict(row)) for row in self._database.all(f"SELECT {columns} FROM letters ORDER BY id")]  # noqa: S608 - a constant

    def newest_code(self, to: str) -> str | None:
        """Give the code of the newest letter to an e-mail address."""
        row = self._database.one("SELECT code FROM letters WHERE recipient = ? ORDER BY id DESC LIMIT 1", to)
        return None if row is None else str(row["code"])

    def send_code(self, account: Account) -> None:
        """Make a fresh code and send it."""
        code = f"{secrets.randbelow(_POSSIBLE_CODES):06}"
        now = self._config.now()
        expires_at, attempts = now + self._config.code_seconds, self._config.code_attempts
        times = {"sent_at": now, "expires_at": expires_at}
        with self._database.transaction():
            replace = "INSERT OR REPLACE INTO codes VALUES (?, ?, ?, ?)"
            self._database.run(replace, account.id, code, expires_at, attempts)
            self._database.insert("letters", recipient=account.email, subject=_SUBJECT, code=code, **times)
            self._database.run("DELETE FROM letters WHERE id <= (SELECT MAX(id) FROM letters) - ?", _LETTERS_KEPT)

    def redeem(self, account_id: int, code: str) -> None:
        """Use up the account's code, or refuse; whether this one is wrong or none is good any more is not said."""
        with self._database.transaction():
            row = self._database.one(
                "SELECT code FROM codes WHERE account_id = ? AND attempts_left > 0 AND expires_at > ?",
                *(account_id, self._config.now()),
            )
            is_right = row is not None and hmac.compare_digest(row["code"].encode(), code.encode())
            change = "DELETE FROM codes" if is_right else "UPDATE codes SET attempts_left = attempts_left - 1"
            self._database.run(f"{change} WHERE account_id = ?", account_id)
        if not is_right:
            status = self._config.variants.verify_refusal_status
            raise Refusal(status, "invalid", "Invalid or expired verification code.", field="verification_code")
