"""``Browsers``: which browsers a page let in; each has a cookie of the page."""

from collections.abc import Callable
from secrets import token_urlsafe

from ..sessions.shelf import Shelf
from .pending import AFTER_SECONDS, PendingSignIn

MOST_OF_PAGE = 16
_KIND = "browser"


class Browsers:
    """The browsers of all pages.

    Args:
        shelf: Where they are kept.
        now: The wall clock, in Unix seconds.
    """

    def __init__(self, shelf: Shelf, *, now: Callable[[], float]) -> None:
        self._shelf = shelf
        self._now = now

    def seconds_of(self, pending: PendingSignIn) -> float:
        """How long the page is there, at most."""
        return pending.expires_at + AFTER_SECONDS - self._now()

    async def known(self, pending: PendingSignIn, cookie: str | None) -> str | None:
        """The cookie, if the page let its browser in before."""
        is_known = cookie is not None and await self._shelf.get(_KIND, f"{pending.ticket} {cookie}") is not None
        return cookie if is_known else None

    async def let_in(self, pending: PendingSignIn) -> str | None:
        """The cookie for a browser that looks at the page from now on; nothing if there are too many."""
        seconds = self.seconds_of(pending)
        if await self._shelf.attempt(f"browsers {pending.id}", most=MOST_OF_PAGE, seconds=seconds) is not None:
            return None
        cookie = token_urlsafe(16)
        await self._shelf.put(_KIND, f"{pending.ticket} {cookie}", b"", seconds=seconds)
        return cookie
