"""``EmbeddedSandbox``: what the page has for a person where the service is the sandbox of this process."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class EmbeddedSandbox:
    """A guest's account that is ready, and the mail that was sent to nobody."""

    guest: Mapping[str, str]
    """The sign-in form as the guest would fill it in."""
    newest_code: Callable[[str], str | None]
    """The verification code that was mailed last to an e-mail address, if one was."""
