"""Names that a sandbox and those who look for one agree on."""

LOOPBACK = "127.0.0.1"
SANDBOX_HEADER = "X-Rememberizer-Sandbox"
OUTBOX_PATH = "/outbox/"
"""Where the outbox page is, below the key."""
AUTHORIZE_PATH = "/api/v1/auth/oauth2/authorize/"
"""Where an OAuth app sends the person's browser."""
SANDBOX_OAUTH_CLIENT_ID = "5a4db0c5-0000-4000-8000-5a4db0c50001"
SANDBOX_OAUTH_CLIENT_SECRET = "sandbox-client-secret"  # noqa: S105 - everybody's: it protects nothing
