"""The apps that are registered for OAuth (rememberizer-api.md §2); the real service registers them by hand."""

import hmac
import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from .names import SANDBOX_OAUTH_CLIENT_ID, SANDBOX_OAUTH_CLIENT_SECRET

_REDIRECT_URI = re.compile(r"(?P<origin>http://(?:127\.0\.0\.1|localhost):[1-9][0-9]{0,4})/oauth/callback")


@dataclass(frozen=True, kw_only=True)
class RegisteredApp:
    """One app. Every app has the same redirect URIs: `/oauth/callback` on any port of this machine (RFC 8252 §7.3)."""

    client_id: str
    client_secret: str = field(repr=False)
    name: str

    def has_secret(self, secret: str) -> bool:
        """Compare in constant time."""
        return hmac.compare_digest(self.client_secret.encode(), secret.encode())


SANDBOX_APP = RegisteredApp(
    client_id=SANDBOX_OAUTH_CLIENT_ID, client_secret=SANDBOX_OAUTH_CLIENT_SECRET, name="Rememberizer MCP (sandbox)"
)


def app_of(client_id: str, apps: Iterable[RegisteredApp]) -> RegisteredApp | None:
    """Find an app by its client id."""
    return next((app for app in apps if app.client_id == client_id), None)


def origin_of(redirect_uri: str) -> str | None:
    """Give the origin of a redirect URI that is registered."""
    match = _REDIRECT_URI.fullmatch(redirect_uri)
    return match["origin"] if match else None
