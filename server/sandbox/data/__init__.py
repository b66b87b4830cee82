"""What the sandbox keeps, on SQLite: accounts, tokens, documents, mails."""
