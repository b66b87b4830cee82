-- Documents, channels, mementos and keys.
-- `chunks.words` is what is indexed of the text; the index keeps no text, so that what leaves it must be told again.
CREATE TABLE documents (
    id INTEGER PRIMARY KEY AUTOINCREMENT, shelf TEXT NOT NULL, name TEXT NOT NULL, type TEXT NOT NULL,
    source TEXT NOT NULL, integration_type TEXT NOT NULL, path TEXT NOT NULL, url TEXT NOT NULL,
    size INTEGER NOT NULL, created_at REAL, modified_at REAL, ready_at REAL NOT NULL, failure TEXT);

CREATE INDEX documents_by_shelf ON documents (shelf, integration_type);

CREATE TABLE chunks (
    id INTEGER PRIMARY KEY, document_id INTEGER NOT NULL REFERENCES documents ON DELETE CASCADE,
    number INTEGER NOT NULL, text TEXT NOT NULL, words TEXT NOT NULL, UNIQUE (document_id, number));

CREATE VIRTUAL TABLE chunk_words USING fts5 (
    words, content='', tokenize="unicode61 remove_diacritics 0 categories 'L* M* N*'");

CREATE VIRTUAL TABLE chunk_vocabulary USING fts5vocab (chunk_words, 'row');

CREATE TRIGGER chunk_added AFTER INSERT ON chunks BEGIN
    INSERT INTO chunk_words (rowid, words) VALUES (new.id, new.words); END;

CREATE TRIGGER chunk_changed AFTER UPDATE OF words ON chunks BEGIN
    INSERT INTO chunk_words (chunk_words, rowid, words) VALUES ('delete', old.id, old.words);
    INSERT INTO chunk_words (rowid, words) VALUES (new.id, new.words); END;

CREATE TRIGGER chunk_removed AFTER DELETE ON chunks BEGIN
    INSERT INTO chunk_words (chunk_words, rowid, words) VALUES ('delete', old.id, old.words); END;

CREATE TABLE messages (
    id INTEGER PRIMARY KEY, document_id INTEGER NOT NULL REFERENCES documents ON DELETE CASCADE,
    thread INTEGER REFERENCES messages ON DELETE CASCADE, author TEXT NOT NULL, text TEXT NOT NULL,
    at REAL NOT NULL);

CREATE INDEX messages_by_document ON messages (document_id, thread, at);

CREATE INDEX messages_by_thread ON messages (thread);

CREATE TABLE mementos (
    id INTEGER PRIMARY KEY AUTOINCREMENT, account_id INTEGER NOT NULL REFERENCES accounts ON DELETE CASCADE,
    name TEXT NOT NULL, created_at REAL NOT NULL);

CREATE INDEX mementos_by_account ON mementos (account_id);

CREATE TABLE memento_documents (
    memento_id INTEGER NOT NULL REFERENCES mementos ON DELETE CASCADE,
    document_id INTEGER NOT NULL REFERENCES documents ON DELETE CASCADE,
    PRIMARY KEY (memento_id, document_id)) WITHOUT ROWID;

CREATE INDEX memento_documents_by_document ON memento_documents (document_id);

CREATE TABLE api_keys (
    digest BLOB PRIMARY KEY, account_id INTEGER NOT NULL REFERENCES accounts ON DELETE CASCADE,
    memento_id INTEGER REFERENCES mementos ON DELETE CASCADE);
