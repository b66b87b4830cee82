"""``Consent``: a trip to Rememberizer's consent page and back, with state and PKCE (rememberizer-api.md §2)."""

import hmac
from dataclasses import dataclass, field
from functools import partial
from secrets import token_urlsafe

from ..api.oauth import OAuthClient, authorization_url, pkce_challenge

CALLBACK_PATH = "/oauth/callback"
BROWSER_COOKIE = "consent"
_new_secret = partial(token_urlsafe, 32)


@dataclass(frozen=True, kw_only=True)
class Consent:
    """One trip to the consent page: used once, and bound to the browser that began it (S37)."""

    client: OAuthClient
    page_browser: str | None = field(repr=False)
    """The page's own cookie, which is not sent to the address that the consent page answers to."""
    state: str = field(default_factory=_new_secret, repr=False)
    verifier: str = field(default_factory=_new_secret, repr=False)
    browser: str = field(default_factory=_new_secret, repr=False)

    @property
    def address(self) -> str:
        """The address of the consent page."""
        return authorization_url(self.client, state=self.state, challenge=pkce_challenge(self.verifier))

    def is_ended_by(self, *, state: str, browser: str) -> bool:
        """Whether this is the trip that comes back with these."""
        return _is_same(self.state, state) and _is_same(self.browser, browser)


def _is_same(secret: str, given: str) -> bool:
    return hmac.compare_digest(secret.encode(), given.encode())
