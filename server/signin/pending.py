"""``PendingSignIn``: one page that a person was sent to, from its ticket to its end.

    open --signed in, verified or put off--> SIGNED_IN
     |---too many attempts-----------------> STOPPED
     |---the person said no----------------> DECLINED
     |---OAuth went wrong at Rememberizer--> FAILED
     |---nobody came in time---------------> ABANDONED
     +---logout, another login, the end----> CLOSED

It signs in the session that asked and no other. Its ticket is a path of the page's address; forged and foreign tickets
get the same answer. Whoever opens it with the link alone sees nothing private: of an account its masked address only.
"""

import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Literal

import anyio

from ..api.account import fits
from ..sessions.session import Session
from .words import confirm_code

TICKET_BYTES = 32
MOST_ATTEMPTS = 5
MOST_BROWSERS = 16
HIDDEN = "…"

FormName = Literal["sign_in", "sign_up", "browser_session", "oauth"]
"""What the page shows first."""


class End(Enum):
    """How a sign-in page ended."""

    SIGNED_IN = auto()
    STOPPED = auto()
    DECLINED = auto()
    FAILED = auto()
    ABANDONED = auto()
    CLOSED = auto()


@dataclass(frozen=True, kw_only=True)
class Account:
    """Whose account a finished page signed in, as it is shown there."""

    email: str | None
    name: str | None
    verified: bool


@dataclass(frozen=True, kw_only=True)
class Consent:
    """One trip to the OAuth consent page: used once, and bound to the browser that began it (S37)."""

    page_browser: str | None = field(repr=False)
    """The page's own cookie, which is not sent to the address that the consent page answers to."""
    state: str = field(default_factory=lambda: secrets.token_urlsafe(TICKET_BYTES), repr=False)
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(TICKET_BYTES), repr=False)
    browser: str = field(default_factory=lambda: secrets.token_urlsafe(TICKET_BYTES), repr=False)


class PendingSignIn:
    """One open page.

    Args:
        session: Which session it signs in.
        origin: Scheme, host and port of the page.
        form: What it shows first.
        email: The account that it is for; without one it takes anybody's.
        name: Of a new account, if none is typed at the sign-up form.
        expires_at: When it is abandoned, in Unix seconds.
    """

    def __init__(
        self,
        *,
        session: Session,
        origin: str,
        form: FormName,
        email: str | None,
        name: str | None,
        expires_at: float,
    ) -> None:
        self.id = secrets.token_urlsafe(16)
        """Names it towards the client, and opens nothing."""
        self.ticket = secrets.token_urlsafe(TICKET_BYTES)
        self.confirm_code = confirm_code()
        self.session = session
        self.form = form
        self.meant = email
        """The account that the page is for; without one it takes anybody's."""
        self.another_account = False
        """Whether the person chose to use another than that."""
        self.email: str | None = None
        """What was typed as e-mail address last, or whose account is signed in."""
        self.name = name
        self.expires_at = expires_at
        self.attempts_left = MOST_ATTEMPTS
        self.wants_code = False
        """Whether the account is signed in, and only its verification code is missing."""
        self.consent: Consent | None = None
        self.trouble: str | None = None
        """What Rememberizer had against the last trip to it, and what repairs that."""
        self.was_shown = False
        """Whether the person was sent to the page already; they are not sent twice."""
        self.was_opened = False
        """Whether the server opened the page in the browser."""
        self.end: End | None = None
        self.account: Account | None = None
        self.ended = anyio.Event()
        self.forgotten = anyio.Event()
        """Set when later pages need its room, and it can no longer say how it ended."""
        self.when_ended: list[Callable[[], Awaitable[None]]] = []
        self._origin = origin
        self._browsers: set[str] = set()
        self._browser: str | None = None
        """In which that was done; others see neither the address nor the end."""
        self.is_theirs = False
        """Whether that browser may see the address whole: it typed it there, or signed in."""

    def __repr__(self) -> str:
        return f"<PendingSignIn for {self.session!r}: {self.end.name if self.end else 'open'}>"

    @property
    def url(self) -> str:
        """The page's address."""
        return f"{self._origin}/{self.ticket}"

    def know_browser(self, cookie: str | None) -> str | None:
        """Let a browser in that looks at the page.

        Returns:
            A cookie to set, if the browser has none of this page's.
        """
        if cookie in self._browsers or len(self._browsers) >= MOST_BROWSERS:
            return None
        fresh = secrets.token_urlsafe(16)
        self._browsers.add(fresh)
        return fresh

    @property
    def only(self) -> str | None:
        """The one account that the page takes, or nothing if it takes any."""
        return None if self.another_account else self.meant

    def mean(self, email: str | None) -> None:
        """Be for the account that was named last. What was chosen or done for the one before doesn't hold for it."""
        if not fits(self.meant, meant=email):
            self.meant, self.another_account, self.wants_code = email, False, False

    def admits(self, email: str | None) -> bool:
        """Whether the page takes this account; one that is not known is nobody's in particular."""
        return fits(email, meant=self.only)

    def remember(self, email: str | None, *, browser: str | None, is_theirs: bool) -> None:
        """Keep what was typed, or left out and filled in, or who signed in, for the browser in which that was done."""
        self.email, self.is_theirs = email, is_theirs
        self._browser = browser if browser in self._browsers else None

    def email_in(self, browser: str | None) -> str | None:
        """What this browser may see whole of that: nothing, unless it was done there."""
        return self.email if self.is_theirs and browser is not None and browser == self._browser else None

    def finish(self, account: Account) -> None:
        """The person is signed in; the browser that did it may see so once more."""
        self.account = account
        self.session.signed_in_by = self.id
        self._end(End.SIGNED_IN)

    def was_finished_in(self, browser: str | None) -> bool:
        """Whether this browser is the one that signed in; a second click or a reload gets the last page again."""
        return self.end is End.SIGNED_IN and browser is not None and browser == self._browser

    def stop(self, end: End) -> None:
        """End it without an account."""
        self._end(end)

    def run_out(self) -> None:
        """End it because nobody came in time."""
        self._end(End.ABANDONED)

    def close(self) -> None:
        """End it because the session moved on."""
        self._end(End.CLOSED)

    def _end(self, end: End) -> None:
        if self.end is not None:
            return
        self.end = end
        self.consent = None
        if self.session.page is self:
            self.session.page = None
        self.ended.set()


def masked(email: str) -> str:
    """An address as anybody may see it who has the link: "a…@example.org"."""
    name, at, domain = email.strip().partition("@")
    return f"{name[:1]}{HIDDEN}{at}{domain}"
