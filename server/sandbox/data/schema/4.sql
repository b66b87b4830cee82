-- Vector stores, and the keys that the outbox page shows.
CREATE TABLE vector_stores (
    id TEXT PRIMARY KEY, account_id INTEGER NOT NULL REFERENCES accounts ON DELETE CASCADE, name TEXT NOT NULL,
    description TEXT NOT NULL, embedding_model TEXT NOT NULL, indexing_algorithm TEXT NOT NULL,
    vector_dimension INTEGER NOT NULL, search_metric TEXT NOT NULL, created_at REAL NOT NULL, key TEXT NOT NULL,
    key_digest BLOB NOT NULL UNIQUE);

CREATE TABLE document_remarks (
    document_id INTEGER PRIMARY KEY REFERENCES documents ON DELETE CASCADE, remark TEXT NOT NULL);

CREATE TABLE shown_keys (
    key TEXT PRIMARY KEY, account_id INTEGER NOT NULL REFERENCES accounts ON DELETE CASCADE,
    memento_id INTEGER REFERENCES mementos ON DELETE CASCADE);

CREATE INDEX shown_keys_by_memento ON shown_keys (memento_id, account_id);
