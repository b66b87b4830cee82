-- OAuth.
CREATE TABLE oauth_codes (
    digest BLOB PRIMARY KEY, account_id INTEGER NOT NULL REFERENCES accounts ON DELETE CASCADE,
    client_id TEXT NOT NULL, redirect_uri TEXT NOT NULL, scope TEXT NOT NULL, challenge TEXT,
    memento TEXT NOT NULL, expires_at REAL NOT NULL, family_id TEXT);

CREATE TABLE oauth_grants (
    family_id TEXT PRIMARY KEY REFERENCES families ON DELETE CASCADE,
    client_id TEXT NOT NULL, memento TEXT NOT NULL);

CREATE TABLE browser_sessions (
    digest BLOB PRIMARY KEY, account_id INTEGER NOT NULL REFERENCES accounts ON DELETE CASCADE,
    expires_at REAL NOT NULL);
