"""The accounts."""

import sqlite3
from dataclasses import dataclass, field

from .database import Database


class EmailTakenError(Exception):
    """Another account has this e-mail address."""


@dataclass(frozen=True, kw_only=True)
class Account:
    """One account, as it stood when it was read."""

    id: int
    email: str
    name: str
    password_hash: str = field(repr=False)
    verified: bool

    @property
    def username(self) -> str:
        """The name that `me/` calls `id` (rememberizer-api.md §5.2)."""
        return f"user{self.id}"


class Accounts:
    """Finds accounts by number and by e-mail address, in which upper and lower case are the same."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(self, *, email: str, name: str, password_hash: str) -> Account:
        """Add an account whose e-mail address is not verified yet.

        Raises:
            EmailTakenError: the address, in whatever case, has an account.
        """
        try:
            self._database.run(
                "INSERT INTO accounts (login, email, name, password_hash) VALUES (?, ?, ?, ?)",
                email.casefold(),
                email,
                name,
                password_hash,
            )
        except sqlite3.IntegrityError as error:
            raise EmailTakenError from error
        return self._read("login", email.casefold())[0]

    def by_login(self, login: str) -> Account | None:
        """Find an account by its e-mail address."""
        return next(iter(self._read("login", login.casefold())), None)

    def by_id(self, account_id: int) -> Account:
        """Give the account that a valid access token names."""
        return self._read("id", account_id)[0]

    def mark_verified(self, account_id: int) -> None:
        """Note that the e-mail address is the person's own."""
        self._database.run("UPDATE accounts SET verified = 1 WHERE id = ?", account_id)

    def _read(self, column: str, value: str | int) -> list[Account]:
        rows = self._database.all(
            f"SELECT id, email, name, password_hash, verified FROM accounts WHERE {column} = ?",  # noqa: S608 - a column that this class names
            value,
        )
        return [
            Account(
                id=row["id"],
                email=row["email"],
                name=row["name"],
                password_hash=row["password_hash"],
                verified=bool(row["verified"]),
            )
            for row in rows
        ]
