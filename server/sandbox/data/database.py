"""The SQLite connection, the schema, and the secret that signs the access tokens."""

import os
import secrets
import sqlite3
from collections.abc import Collection, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

_APPLICATION_ID = 0x52454D53  # "REMS", so that another program's database is never written to
_FIRST_SCHEMA = (
    "CREATE TABLE secrets (name TEXT PRIMARY KEY, value BLOB NOT NULL)",
    """CREATE TABLE accounts (
        id INTEGER PRIMARY KEY, login TEXT NOT NULL UNIQUE, email TEXT NOT NULL, name TEXT NOT NULL,
        password_hash TEXT NOT NULL, verified INTEGER NOT NULL DEFAULT 0)""",
    """CREATE TABLE codes (
        account_id INTEGER PRIMARY KEY REFERENCES accounts ON DELETE CASCADE,
        code TEXT NOT NULL, expires_at REAL NOT NULL, attempts_left INTEGER NOT NULL)""",
    """CREATE TABLE letters (
        id INTEGER PRIMARY KEY AUTOINCREMENT, recipient TEXT NOT NULL, subject TEXT NOT NULL, code TEXT NOT NULL,
        sent_at REAL NOT NULL, expires_at REAL NOT NULL)""",
    """CREATE TABLE families (
        id TEXT PRIMARY KEY, account_id INTEGER NOT NULL REFERENCES accounts ON DELETE CASCADE,
        expires_at REAL NOT NULL)""",
    """CREATE TABLE refresh_tokens (
        digest BLOB PRIMARY KEY, family_id TEXT NOT NULL REFERENCES families ON DELETE CASCADE,
        expires_at REAL NOT NULL, used INTEGER NOT NULL DEFAULT 0)""",
    """CREATE TABLE access_tokens (
        digest BLOB PRIMARY KEY, family_id TEXT NOT NULL REFERENCES families ON DELETE CASCADE,
        expires_at REAL NOT NULL)""",
    "CREATE TABLE attempts (bucket BLOB NOT NULL, at REAL NOT NULL)",
    "CREATE INDEX attempts_by_bucket ON attempts (bucket, at)",
    "CREATE INDEX refresh_tokens_by_family ON refresh_tokens (family_id)",
    "CREATE INDEX access_tokens_by_family ON access_tokens (family_id)",
)
_OAUTH_SCHEMA = (
    """CREATE TABLE oauth_codes (
        digest BLOB PRIMARY KEY, account_id INTEGER NOT NULL REFERENCES accounts ON DELETE CASCADE,
        client_id TEXT NOT NULL, redirect_uri TEXT NOT NULL, scope TEXT NOT NULL, challenge TEXT,
        memento TEXT NOT NULL, expires_at REAL NOT NULL, family_id TEXT)""",
    """CREATE TABLE oauth_grants (
        family_id TEXT PRIMARY KEY REFERENCES families ON DELETE CASCADE,
        client_id TEXT NOT NULL, memento TEXT NOT NULL)""",
    """CREATE TABLE browser_sessions (
        digest BLOB PRIMARY KEY, account_id INTEGER NOT NULL REFERENCES accounts ON DELETE CASCADE,
        expires_at REAL NOT NULL)""",
)
_LIBRARY_SCHEMA = (
    """CREATE TABLE documents (
        id INTEGER PRIMARY KEY AUTOINCREMENT, shelf TEXT NOT NULL, name TEXT NOT NULL, type TEXT NOT NULL,
        source TEXT NOT NULL, integration_type TEXT NOT NULL, path TEXT NOT NULL, url TEXT NOT NULL,
        size INTEGER NOT NULL, created_at REAL, modified_at REAL, ready_at REAL NOT NULL, failure TEXT)""",
    "CREATE INDEX documents_by_shelf ON documents (shelf, integration_type)",
    # `words` is what is indexed of the text; the index keeps no text, so that what leaves it must be told again.
    """CREATE TABLE chunks (
        id INTEGER PRIMARY KEY, document_id INTEGER NOT NULL REFERENCES documents ON DELETE CASCADE,
        number INTEGER NOT NULL, text TEXT NOT NULL, words TEXT NOT NULL, UNIQUE (document_id, number))""",
    """CREATE VIRTUAL TABLE chunk_words USING fts5 (
        words, content='', tokenize="unicode61 remove_diacritics 0 categories 'L* M* N*'")""",
    "CREATE VIRTUAL TABLE chunk_vocabulary USING fts5vocab (chunk_words, 'row')",
    """CREATE TRIGGER chunk_added AFTER INSERT ON chunks BEGIN
        INSERT INTO chunk_words (rowid, words) VALUES (new.id, new.words); END""",
    """CREATE TRIGGER chunk_changed AFTER UPDATE OF words ON chunks BEGIN
        INSERT INTO chunk_words (chunk_words, rowid, words) VALUES ('delete', old.id, old.words);
        INSERT INTO chunk_words (rowid, words) VALUES (new.id, new.words); END""",
    """CREATE TRIGGER chunk_removed AFTER DELETE ON chunks BEGIN
        INSERT INTO chunk_words (chunk_words, rowid, words) VALUES ('delete', old.id, old.words); END""",
    """CREATE TABLE messages (
        id INTEGER PRIMARY KEY, document_id INTEGER NOT NULL REFERENCES documents ON DELETE CASCADE,
        thread INTEGER REFERENCES messages ON DELETE CASCADE, author TEXT NOT NULL, text TEXT NOT NULL,
        at REAL NOT NULL)""",
    "CREATE INDEX messages_by_document ON messages (document_id, thread, at)",
    "CREATE INDEX messages_by_thread ON messages (thread)",
    """CREATE TABLE mementos (
        id INTEGER PRIMARY KEY AUTOINCREMENT, account_id INTEGER NOT NULL REFERENCES accounts ON DELETE CASCADE,
        name TEXT NOT NULL, created_at REAL NOT NULL)""",
    "CREATE INDEX mementos_by_account ON mementos (account_id)",
    """CREATE TABLE memento_documents (
        memento_id INTEGER NOT NULL REFERENCES mementos ON DELETE CASCADE,
        document_id INTEGER NOT NULL REFERENCES documents ON DELETE CASCADE,
        PRIMARY KEY (memento_id, document_id)) WITHOUT ROWID""",
    "CREATE INDEX memento_documents_by_document ON memento_documents (document_id)",
    """CREATE TABLE api_keys (
        digest BLOB PRIMARY KEY, account_id INTEGER NOT NULL REFERENCES accounts ON DELETE CASCADE,
        memento_id INTEGER REFERENCES mementos ON DELETE CASCADE)""",
)
_STORES_SCHEMA = (
    """CREATE TABLE vector_stores (
        id TEXT PRIMARY KEY, account_id INTEGER NOT NULL REFERENCES accounts ON DELETE CASCADE, name TEXT NOT NULL,
        description TEXT NOT NULL, embedding_model TEXT NOT NULL, indexing_algorithm TEXT NOT NULL,
        vector_dimension INTEGER NOT NULL, search_metric TEXT NOT NULL, created_at REAL NOT NULL, key TEXT NOT NULL,
        key_digest BLOB NOT NULL UNIQUE)""",
    """CREATE TABLE document_remarks (
        document_id INTEGER PRIMARY KEY REFERENCES documents ON DELETE CASCADE, remark TEXT NOT NULL)""",
    """CREATE TABLE shown_keys (
        key TEXT PRIMARY KEY, account_id INTEGER NOT NULL REFERENCES accounts ON DELETE CASCADE,
        memento_id INTEGER REFERENCES mementos ON DELETE CASCADE)""",
    "CREATE INDEX shown_keys_by_memento ON shown_keys (memento_id, account_id)",
)
_SCHEMAS = (_FIRST_SCHEMA, _OAUTH_SCHEMA, _LIBRARY_SCHEMA, _STORES_SCHEMA)
"""What each version added to the one before it."""

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
        """Add a row, and give it with the columns that the table filled in.

        Raises:
            sqlite3.IntegrityError: a constraint of the schema forbids it.
        """
        statement = f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks(row)}) RETURNING *"  # noqa: S608 - names of ours
        return self.all(statement, *row.values())[0]

    def run(self, statement: str, *values: Value) -> None:
        """Change something.

        Raises:
            sqlite3.IntegrityError: a constraint of the schema forbids it.
        """
        self._connection.execute(statement, values)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Make the statements inside one change; an exception undoes them. Nothing may be awaited inside.

        Inside another one it is a part of that.
        """
        with nullcontext() if self._connection.in_transaction else _transaction(self._connection):
            yield

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
    """Open the file that a sandbox is to keep its data in, and make it if there is none.

    Raises:
        ValueError: as for `Database`.
    """
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
        with _transaction(connection):
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
        for statement in schema:
            connection.execute(statement)
    connection.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {len(_SCHEMAS)}")


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")
