"""``Promise``: what a test proves."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Promise:
    """One sentence that a test must prove, where it comes from, and why it may still be owed."""

    text: str
    source: str
    deferred: str | None = None
