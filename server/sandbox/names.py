"""Names that a sandbox and those who look for one agree on."""

LOOPBACK = "127.0.0.1"
SANDBOX_HEADER = "X-Rememberizer-Sandbox"
OUTBOX_PATH = "/outbox/"
"""Where the outbox page is, below the key."""
