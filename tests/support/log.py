"""The end of a log handler in a test."""

import logging

PATIENCE = 50
"""Flushes, of which each waits a fifth of a second at most, and not at all where nothing waits."""


def close(handler: logging.Handler) -> None:
    """Have everything written, on a machine as slow as it likes, and end the handler's thread."""
    for _ in range(PATIENCE):
        handler.flush()
    handler.close()
