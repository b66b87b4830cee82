"""``Consent``: a trip to Rememberizer's consent page and back, with state and PKCE (rememberizer-api.md §2)."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from functools import partial
from hmac import compare_digest
from secrets import token_urlsafe
from typing import TypeVar

from pydantic_core import from_json, to_json

from ..api.oauth import OAuthClient, authorization_url, pkce_challenge
from ..sessions.shelf import Shelf

CALLBACK_PATH = "/oauth/callback"
BROWSER_COOKIE = "consent"
_KIND = "consent"
T = TypeVar("T")
_new_secret = partial(token_urlsafe, 32)


def read_trip(kind: Callable[..., T], kept: bytes | None) -> T | None:
    """A trip that was kept; nothing if another release of this program kept it in another form."""
    with suppress(TypeError):
        return kind(**from_json(kept)) if kept else None
    return None


@dataclass(frozen=True, kw_only=True)
class Consent:
    """One trip to the consent page: used once, and bound to the browser that began it (S37)."""

    ticket: str = field(repr=False)
    """Of the page at which it began."""
    page_browser: str | None = field(repr=False)
    """The page's own cookie, which is not sent to the address that the consent page answers to."""
    state: str = field(default_factory=_new_secret, repr=False)
    verifier: str = field(default_factory=_new_secret, repr=False)
    browser: str = field(default_factory=_new_secret, repr=False)

    def address(self, client: OAuthClient) -> str:
        """The address of the consent page."""
        return authorization_url(client, state=self.state, challenge=pkce_challenge(self.verifier))

    async def leave(self, shelf: Shelf, *, seconds: float) -> None:
        """Let it come back within so many seconds."""
        await shelf.put(_KIND, self.state, to_json(asdict(self)), seconds=seconds)

    @classmethod
    async def come_back(cls, shelf: Shelf, *, state: str, browser: str) -> "Consent | None":
        """The trip that ends with these. A wrong state or browser leaves every trip as it is."""
        trip = read_trip(cls, await shelf.get(_KIND, state))
        if trip is None or not compare_digest(trip.browser.encode(), browser.encode()):
            return None
        return trip if await shelf.take(_KIND, state) else None
