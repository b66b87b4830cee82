"""The SQLite connection, the schema, and the secret that signs the access tokens."""

import os
import secrets
import sqlite3
from collections.abc import Collection
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

_APPLICATION_ID = 0x52454D53  # "REMS", so that another program's database is never written to
_SCHEMAS = sorted((Path(__file__).parent / "schema").glob("*.sql"))
"""What each version added to the one before it: statements with an empty line between them."""

Value = str | bytes | int | float | None


class Database:
    """One connection; every statement is its own transaction unless it stands in `transaction()`."""

    def __init__(self, path: Path | None) -> None:
        """Open the file, or a database in memory for None.

        Raises:
            ValueError: the file can't be opened, is no database, or belongs to something else.
        """
        try:
            self._connection = _connect(path)
        except (OSError, sqlite3.Error) as error:
            reason = error.strerror if isinstance(error, OSError) else error
            raise ValueError(f"The sandbox can't keep its data in {path}: {reason}.") from error

    def one(self, statement: str, *values: Value) -> sqlite3.Row | None:
        """Give the first row of the answer, or None."""
        row: sqlite3.Row | None = self._connection.execute(statement, values).fetchone()
        return row

    def all(self, statement: str, *values: Value) -> list[sqlite3.Row]:
        """Give every row of the answer."""
        return self._connection.execute(statement, values).fetchall()

    def insert(self, table: str, **row: Value) -> sqlite3.Row:
        """Add a row, and give it as it is kept. `sqlite3.IntegrityError`: a constraint of the schema forbids it."""
        statement = f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks(row)}) RETURNING *"  # noqa: S608 - names of ours
        return self.all(statement, *row.values())[0]

    def run(self, statement: str, *values: Value) -> None:
        """Change something; the errors are those of `insert`."""
        self._connection.execute(statement, values)

    def transaction(self) -> AbstractContextManager[object]:
        """Make the statements inside one change, or a part of the transaction around it; an exception undoes them.

        Nothing may be awaited inside.
        """
        if self._connection.in_transaction:
            return nullcontext()
        self._connection.execute("BEGIN IMMEDIATE")
        return self._connection  # which commits at the end, or rolls back

    def secret(self, name: str) -> bytes:
        """Give 256 random bits that are made once for this database."""
        self.run("INSERT OR IGNORE INTO secrets VALUES (?, ?)", name, secrets.token_bytes(32))
        value: bytes = self.all("SELECT value FROM secrets WHERE name = ?", name)[0]["value"]
        return value

    def close(self) -> None:
        """Close the connection. A second call does nothing."""
        self._connection.close()


def marks(values: Collection[object]) -> str:
    """Give as many question marks as there are values, for a statement."""
    return ", ".join("?" * len(values))


def check_file(path: Path | None) -> None:
    """Open the file that a sandbox is to keep its data in, or make it; the errors are those of `Database`."""
    if path is not None:
        Database(path).close()


def _connect(path: Path | None) -> sqlite3.Connection:
    if path is not None:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    # One event loop uses the connection, though its thread may be another than the builder's.
    connection = sqlite3.connect(path or ":memory:", isolation_level=None, check_same_thread=False)
    try:
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("BEGIN IMMEDIATE")
        with connection:
            _prepare(connection)
        if path is not None:
            path.chmod(0o600)  # for one that was there, as from a copy; fails where it isn't ours
    except BaseException:
        connection.close()
        raise
    return connection


def _prepare(connection: sqlite3.Connection) -> None:
    owner: int = connection.execute("PRAGMA application_id").fetchone()[0]
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    is_ours = owner == _APPLICATION_ID and 0 < version <= len(_SCHEMAS)
    if not is_ours and connection.execute("SELECT 1 FROM sqlite_master").fetchone():
        raise sqlite3.DatabaseError("it belongs to another program or another version of the sandbox")
    for schema in _SCHEMAS[version if is_ours else 0 :]:
        for statement in schema.read_text(encoding="utf-8").split("\n\n"):
            connection.execute(statement)
    connection.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {len(_SCHEMAS)}")
