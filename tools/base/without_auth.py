"""What failures advise where the toolset ``auth`` was not chosen: none of its tools is there to be called."""

import re

from ...server.errors import (
    EmailNotVerified,
    NotSignedIn,
    RememberizerError,
    SessionExpired,
    SignInFailed,
    UnknownSession,
)
from ...server.settings.settings import Settings

_ITS_TOOLS = re.compile("`(login|signup|verify|refresh|logout|session_status)`")
_AGAIN = "Call again later."
_INSTEAD: dict[type[RememberizerError], str] = {
    NotSignedIn: (
        "Have the user set REMEMBERIZER_LAZY_SIGN_IN to `on`, or add `auth` to REMEMBERIZER_TOOLSETS, and restart the "
        "server."
    ),
    UnknownSession: "Leave `session` out.",
    SessionExpired: (
        "Call again, which signs in anew; if it is refused again, tell the user that the account may not do it."
    ),
    EmailNotVerified: (
        "The user has to verify the address, by the link or code in Rememberizer's mail; then call again."
    ),
    SignInFailed: (
        "Have the user set REMEMBERIZER_REFRESH_TOKEN to a fresh token of the account that was signed in, and restart "
        "the server. If REMEMBERIZER_REFRESH_TOKEN_FILE names a file, a fresh one in it is enough: call again."
    ),
}


def fitting(error: RememberizerError, settings: Settings) -> RememberizerError:
    """The failure, with other advice if it would send the agent to a tool of ``auth`` that is not there."""
    if "auth" not in settings.toolsets and _ITS_TOOLS.search(error.hint):
        error.hint = _INSTEAD.get(type(error), _AGAIN)
    return error
