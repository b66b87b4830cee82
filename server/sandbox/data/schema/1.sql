-- What the first version has: accounts, tokens and letters.
CREATE TABLE secrets (name TEXT PRIMARY KEY, value BLOB NOT NULL);

CREATE TABLE accounts (
    id INTEGER PRIMARY KEY, login TEXT NOT NULL UNIQUE, email TEXT NOT NULL, name TEXT NOT NULL,
    password_hash TEXT NOT NULL, verified INTEGER NOT NULL DEFAULT 0);

CREATE TABLE codes (
    account_id INTEGER PRIMARY KEY REFERENCES accounts ON DELETE CASCADE,
    code TEXT NOT NULL, expires_at REAL NOT NULL, attempts_left INTEGER NOT NULL);

CREATE TABLE letters (
    id INTEGER PRIMARY KEY AUTOINCREMENT, recipient TEXT NOT NULL, subject TEXT NOT NULL, code TEXT NOT NULL,
    sent_at REAL NOT NULL, expires_at REAL NOT NULL);

CREATE TABLE families (
    id TEXT PRIMARY KEY, account_id INTEGER NOT NULL REFERENCES accounts ON DELETE CASCADE,
    expires_at REAL NOT NULL);

CREATE TABLE refresh_tokens (
    digest BLOB PRIMARY KEY, family_id TEXT NOT NULL REFERENCES families ON DELETE CASCADE,
    expires_at REAL NOT NULL, used INTEGER NOT NULL DEFAULT 0);

CREATE TABLE access_tokens (
    digest BLOB PRIMARY KEY, family_id TEXT NOT NULL REFERENCES families ON DELETE CASCADE,
    expires_at REAL NOT NULL);

CREATE TABLE attempts (bucket BLOB NOT NULL, at REAL NOT NULL);

CREATE INDEX attempts_by_bucket ON attempts (bucket, at);

CREATE INDEX refresh_tokens_by_family ON refresh_tokens (family_id);

CREATE INDEX access_tokens_by_family ON access_tokens (family_id);
