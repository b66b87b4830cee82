"""Sign-in by OAuth: to Rememberizer's consent page and back, with state and PKCE (rememberizer-api.md §2)."""

import hmac
from collections.abc import Iterable
from urllib.parse import urlsplit

from ..api.oauth import OAuthClient, authorization_url, pkce_challenge
from .pending import Consent, PendingSignIn

CALLBACK_PATH = "/oauth/callback"
BROWSER_COOKIE = "consent"


def consent_origin(client: OAuthClient) -> str:
    """Give the origin of the consent page, for the content security policy."""
    parts = urlsplit(client.authorize_url)
    return f"{parts.scheme}://{parts.netloc}"


def begin(client: OAuthClient, pending: PendingSignIn, *, page_browser: str | None) -> tuple[str, Consent]:
    """Start a trip to the consent page, which ends one that was begun before.

    Returns:
        The address of the consent page, and what the browser has to bring back.
    """
    pending.consent = consent = Consent(page_browser=page_browser)
    return authorization_url(client, state=consent.state, challenge=pkce_challenge(consent.verifier)), consent


def match(pages: Iterable[PendingSignIn], *, state: str, browser: str) -> tuple[PendingSignIn, Consent] | None:
    """Find the trip that comes back, and use it up. A wrong state or browser leaves every trip as it is (S37)."""
    for pending in pages:
        consent = pending.consent
        if consent is not None and _is_same(consent.state, state) and _is_same(consent.browser, browser):
            pending.consent = None
            return pending, consent
    return None


def _is_same(secret: str, given: str) -> bool:
    return hmac.compare_digest(secret.encode(), given.encode())
