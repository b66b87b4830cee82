"""Streamable HTTP: serving many clients, who asks, and what a client without a token is told."""
