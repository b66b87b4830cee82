"""``Others``: other processes that have the same sessions, and ``Pages``: what they are told of beside sessions.

``shared.py`` knows the others.
"""

from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol

from .session import Session


class Others(Protocol):
    """Other processes that have the same sessions. ``name`` is an owner, or the handle where none is known.

    All methods but the last raise ``StoreUnavailable`` if what they did can't be known.
    """

    async def catch_up(self, name: str) -> None:
        """Do here what they did."""

    def alone(self, name: str) -> AbstractAsyncContextManager[None]:
        """Keeps them from moves of their own; knows what they did before, and has them know what was done inside."""

    def renewing(self, session: Session) -> AbstractAsyncContextManager[None]:
        """Likewise, for its tokens."""

    async def keep_tokens(self, session: Session) -> None:
        """Have them know its tokens, if they changed."""

    def was_dropped(self, name: str) -> None:
        """There is no copy of this session here any more."""


class Pages(Protocol):
    """The sign-in pages of this process. ``name`` is as in ``SessionStore``."""

    def records(self, name: str) -> list[dict[str, Any]]:
        """Those of an owner's sessions, as JSON can hold them."""

    def restore(self, name: str, records: list[dict[str, Any]]) -> None:
        """Have exactly these."""
