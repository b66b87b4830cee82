"""Streamable HTTP: who asks, and what a client without a token is told."""
