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
    login: str
    """The e-mail address in lower case."""
    email: str
    name: str
    password_hash: str = field(repr=False)
    verified: bool


class Accounts:
    """Finds accounts by number and by e-mail address, in which upper and lower case are the same."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(self, *, email: str, name: str, password_hash: str, verified: bool = False) -> Account:
        """Add an account, whose e-mail address is not verified yet unless that is said.

        Raises:
            EmailTakenError: the address, in whatever case, has an account.
        """
        columns = {"login": email.casefold(), "email": email, "name": name, "password_hash": password_hash}
        try:
            return _account(self._database.insert("accounts", **columns, verified=int(verified)))
        except sqlite3.IntegrityError as error:
            raise EmailTakenError from error

    def by_login(self, login: str) -> Account | None:
        """Find an account by its e-mail address."""
        row = self._database.one("SELECT * FROM accounts WHERE login = ?", login.casefold())
        return None if row is None else _account(row)

    def by_id(self, account_id: int) -> Account:
        """Give the account that a valid access token names."""
        return _account(self._database.all("SELECT * FROM accounts WHERE id = ?", account_id)[0])

    def mark_verified(self, account_id: int) -> None:
        """Note that the e-mail address is the person's own."""
        self._database.run("UPDATE accounts SET verified = 1 WHERE id = ?", account_id)


def _account(row: sqlite3.Row) -> Account:
    return Account(**{**dict(row), "verified": bool(row["verified"])})
